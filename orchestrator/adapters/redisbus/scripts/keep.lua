-- ARGV: consumer, entries. Renews the leases of those that are still this consumer's; returns the others.
local lost = {}
for i = 2, #ARGV do
  if #redis.call('XPENDING', ready, GROUP, ARGV[i], ARGV[i], 1, ARGV[1]) > 0 then
    redis.call('XCLAIM', ready, GROUP, ARGV[1], 0, ARGV[i], 'JUSTID')
  else
    lost[#lost + 1] = ARGV[i]
  end
end
fill()
return lost
