-- What a process has to tell at one moment. KEYS: those of lanes.lua, then a bucket for each use, with its hold for a pace.
-- ARGV: consumer, how many updates, how many uses; a channel and a message for each update; "take" | "charge" | "pace",
-- limit and window in microseconds for each use; then the wishes of schedule.lua. Returns an answer for each use.
local answers, place, key = {}, 4, 4

for _ = 1, tonumber(ARGV[2]) do
  redis.call('SPUBLISH', ARGV[place], ARGV[place + 1])
  place = place + 2
end

for _ = 1, tonumber(ARGV[3]) do
  local kind, limit, per = ARGV[place], tonumber(ARGV[place + 1]), tonumber(ARGV[place + 2])
  local held = 0
  if kind == 'pace' then held = redis.call('PTTL', KEYS[key + 1]) end
  if held > 0 then
    answers[#answers + 1] = held
  elseif kind == 'charge' then
    answers[#answers + 1] = charge(KEYS[key], limit, per)
  else
    answers[#answers + 1] = take(KEYS[key], limit, per)
  end
  place, key = place + 3, key + (kind == 'pace' and 2 or 1)
end

if place > #ARGV then return answers end
