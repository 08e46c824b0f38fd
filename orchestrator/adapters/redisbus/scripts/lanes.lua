-- What the scripts of scheduling share. KEYS, all in one slot:
--   ready   stream of what is to be claimed now; claimed entries stay in it, pending, until they are released
--   state   hash: conversation -> "<where> <app> <!>"; where: "q<seconds>" in its app's lane, else its entry in `ready`;
--           "!": woken since it was claimed
--   apps    sorted set: apps with a lane, by when it is their turn; the lane of an app is the list <apps>:<app>
-- An app's burst waits in its lane: only WINDOW conversations stand in `ready` unclaimed, taken from the lanes in turns.
-- An entry that made the window full says so (field "f"): whoever claims it asks for the window to be filled again.
local ready, state, apps = KEYS[1], KEYS[2], KEYS[3]
local GROUP, WINDOW = 'workers', 64
-- Seconds after which a wake-up no longer trusts that a lane still holds what `state` says: an evicting server drops keys.
local DOUBT = 60

if redis.call('EXISTS', ready) == 0 then
  redis.call('XGROUP', 'CREATE', ready, GROUP, '0', 'MKSTREAM')
end
local waiting = redis.call('XLEN', ready) - redis.call('XPENDING', ready, GROUP)[1]
local now = tonumber(redis.call('TIME')[1])

local function known(conversation)
  local at = redis.call('HGET', state, conversation)
  if not at then return nil end
  return string.match(at, '^(%S+) (%S*) (!?)$')
end

local function put(conversation, app)
  waiting = waiting + 1
  local id
  if waiting >= WINDOW then
    id = redis.call('XADD', ready, '*', 'c', conversation, 'a', app, 'f', '1')
  else
    id = redis.call('XADD', ready, '*', 'c', conversation, 'a', app)
  end
  redis.call('HSET', state, conversation, id .. ' ' .. app .. ' ')
end

local function last_turn()
  return tonumber(redis.call('ZREVRANGE', apps, 0, 0, 'WITHSCORES')[2] or 0)
end

local function line_up(conversation, app)
  redis.call('RPUSH', apps .. ':' .. app, conversation)
  redis.call('ZADD', apps, 'NX', last_turn(), app)
  redis.call('HSET', state, conversation, 'q' .. now .. ' ' .. app .. ' ')
end

local function next_up()
  local app = redis.call('ZRANGE', apps, 0, 0)[1]
  if not app then return nil end
  local lane = apps .. ':' .. app
  local conversation = redis.call('LPOP', lane)
  if redis.call('EXISTS', lane) == 1 then
    redis.call('ZADD', apps, last_turn() + 1, app)
  else
    redis.call('ZREM', apps, app)
  end
  return conversation or '', app
end

local function fill()
  while waiting < WINDOW do
    local conversation, app = next_up()
    if not conversation then return end
    local at = known(conversation)
    if at and string.sub(at, 1, 1) == 'q' then put(conversation, app) end
  end
end

local function add(conversation, app)
  if waiting < WINDOW and redis.call('EXISTS', apps) == 0 then
    put(conversation, app)
  else
    line_up(conversation, app)
  end
end
