-- Moves vials out of their positions and back, for wrk. Two environment variables are needed:
-- COOKIE is the cookie of a technician's session, TOKEN what /api/v1/me answers as "csrf".
-- The vials are those that the demo leaves in its two tanks.
local vials = {}
for number = 8, 60 do
  local tank = number <= 30 and 1 or 2
  local place = number - (tank == 1 and 1 or 31)
  local position = string.char(65 + math.floor(place / 9)) .. (place % 9 + 1)
  vials[#vials + 1] =
    { string.format("CV%07d", number), "CRYO/LN2-" .. tank .. "/R1/BOX-1/" .. position }
end

local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local mine, at, out
function init()
  math.randomseed(os.time() + number)
  mine, at, out = {}, 0, false
  for index, vial in ipairs(vials) do
    if index % 2 == number % 2 then mine[#mine + 1] = vial end
  end
  wrk.method = "POST"
  wrk.headers["Cookie"] = os.getenv("COOKIE")
  wrk.headers["x-csrf-token"] = os.getenv("TOKEN")
  wrk.headers["Sec-Fetch-Site"] = "same-origin"
end

local function command_id()
  return (("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx"):gsub("x", function()
    return string.format("%x", math.random(0, 15))
  end))
end

function request()
  at = at + 1
  if at > #mine then
    at, out = 1, not out
  end
  local vial, position = mine[at][1], mine[at][2]
  local what = out and "put?position=" .. position or "take?purpose=relocation"
  return wrk.format(nil, "/api/v1/containers/" .. vial .. "/" .. what .. "&command_id=" .. command_id())
end

function done(summary)
  print(string.format("refused: %d of %d", summary.errors.status, summary.requests))
end
