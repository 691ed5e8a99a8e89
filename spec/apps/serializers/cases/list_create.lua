return require "serializers.cases.unique"
