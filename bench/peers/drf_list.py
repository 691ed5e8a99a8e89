"""drf_list.py list FILE COUNT | validate COUNT: what Debian's djangorestframework takes to show the items of a SQLite file, or to validate one.

Prints CPU µs (user and system) a pass. The model is apps/bench's; the file is one that Tidewire has made.
"""
import json
import sys
import time

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[2] if sys.argv[1] == "list" else ":memory:"}},
    INSTALLED_APPS=["rest_framework"], DEFAULT_AUTO_FIELD="django.db.models.AutoField", USE_TZ=True,
)
django.setup()

from django.db import models  # noqa: E402
from rest_framework import serializers  # noqa: E402


class Item(models.Model):
    name = models.CharField(max_length=100)
    price = models.IntegerField(default=0)
    note = models.TextField(default="")

    class Meta:
        app_label = "bench"
        db_table = "bench_item"
        ordering = ["id"]


class ItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = Item
        fields = ["id", "name", "price", "note"]


def show():
    return len(json.dumps(ItemSerializer(Item.objects.all(), many=True).data))


def validate():
    serializer = ItemSerializer(data={"name": "a", "price": 3})
    assert serializer.is_valid()


def measure(function, count):
    for _ in range(20):
        function()
    before = time.process_time()
    for _ in range(count):
        function()
    return (time.process_time() - before) / count * 1e6


print("%.1f" % (measure(show, int(sys.argv[3])) if sys.argv[1] == "list" else measure(validate, int(sys.argv[2]))))
