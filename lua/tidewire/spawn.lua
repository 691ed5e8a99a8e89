---`spawn`, as a module of its own; see tidewire.task.
return require "tidewire.task".spawn
