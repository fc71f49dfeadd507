-- Sends the paths of a file one after another: wrk ... URL -- FILE START
local requests, at = {}, 0

function init(args)
  at = tonumber(args[2])
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
