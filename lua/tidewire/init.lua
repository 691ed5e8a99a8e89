---The names that app.lua needs, and those needed everywhere.
local app = require "tidewire.app"
local json = require "tidewire.json"
local task = require "tidewire.task"

return {
  app = app.app,
  websocket = app.websocket,
  static = app.static,
  null = json.null,
  array = json.array,
  sleep = task.sleep,
  spawn = task.spawn,
}
