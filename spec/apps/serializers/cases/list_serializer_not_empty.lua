return require "serializers.cases.inner"
