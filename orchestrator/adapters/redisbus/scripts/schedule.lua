-- ARGV from `place` on, triples: "w", conversation, app (wake) | "r", conversation, entry (release)
--   | "b", conversation, entry (give back what was claimed and not worked on).
local consumer = ARGV[1]

local function wake(conversation, app)
  local at, lane, woken = known(conversation)
  if lane and app == '' then app = lane end
  if at and string.sub(at, 1, 1) == 'q' then
    if now - tonumber(string.sub(at, 2)) < DOUBT then return end
  elseif at then
    if #redis.call('XPENDING', ready, GROUP, at, at, 1) > 0 then
      if woken == '' then redis.call('HSET', state, conversation, at .. ' ' .. app .. ' !') end
      return
    end
    if #redis.call('XRANGE', ready, at, at) > 0 then return end
  end
  add(conversation, app)
end

local function release(conversation, entry, again)
  -- Another worker's by now: this one was silent for longer than the lease.
  if #redis.call('XPENDING', ready, GROUP, entry, entry, 1, consumer) == 0 then return end
  redis.call('XACK', ready, GROUP, entry)
  redis.call('XDEL', ready, entry)
  local at, app, woken = known(conversation)
  if at ~= entry then return end
  redis.call('HDEL', state, conversation)
  if again or woken == '!' then add(conversation, app) end
end

for i = place, #ARGV, 3 do
  if ARGV[i] == 'w' then
    wake(ARGV[i + 1], ARGV[i + 2])
  else
    release(ARGV[i + 1], ARGV[i + 2], ARGV[i] == 'b')
  end
end
fill()
return answers
