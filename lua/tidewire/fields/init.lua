---Fields of serializers: DRF's, with its arguments, conversions and messages.
---
---    local fields = require "tidewire.fields"
---    local Upper = fields.CharField:extend("Upper", { to_representation = function(_, value) return value:upper() end })
---    name = Upper { max_length = 100 }
local base = require "tidewire.fields.base"
local choices = require "tidewire.fields.choices"
local composite = require "tidewire.fields.composite"
local exceptions = require "tidewire.exceptions"
local numbers = require "tidewire.fields.numbers"
local special = require "tidewire.fields.special"
local strings = require "tidewire.fields.strings"
local temporal = require "tidewire.fields.temporal"

return {
  empty = base.empty, SkipField = base.SkipField, is_skip = base.is_skip, get_error_detail = exceptions.get_error_detail,
  CreateOnlyDefault = base.CreateOnlyDefault, CurrentUserDefault = base.CurrentUserDefault,
  ISO_8601 = temporal.ISO_8601, DJANGO_DURATION_FORMAT = temporal.DJANGO_DURATION_FORMAT,
  Field = base.Field,
  BooleanField = numbers.BooleanField, IntegerField = numbers.IntegerField, BigIntegerField = numbers.BigIntegerField, FloatField = numbers.FloatField,
  DecimalField = numbers.DecimalField,
  CharField = strings.CharField, EmailField = strings.EmailField, RegexField = strings.RegexField, SlugField = strings.SlugField,
  URLField = strings.URLField, UUIDField = strings.UUIDField, IPAddressField = strings.IPAddressField,
  DateTimeField = temporal.DateTimeField, DateField = temporal.DateField, TimeField = temporal.TimeField, DurationField = temporal.DurationField,
  ChoiceField = choices.ChoiceField, MultipleChoiceField = choices.MultipleChoiceField,
  ListField = composite.ListField, DictField = composite.DictField, HStoreField = composite.HStoreField, JSONField = composite.JSONField,
  ReadOnlyField = special.ReadOnlyField, HiddenField = special.HiddenField, SerializerMethodField = special.SerializerMethodField,
  ModelField = special.ModelField,
}
