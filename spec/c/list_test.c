/* list_test.c - base/list.h. */
#include "base/list.h"

#include "check.h"

struct item {
  int value;
  struct list link;
};

int main(void) {
  struct list l, other;
  struct item items[3];
  list_init(&l);
  list_init(&other);
  for (int i = 0; i < 3; i++) {
    items[i].value = i;
    list_init(&items[i].link);
    CHECK("a new node is in no list", !list_linked(&items[i].link));
    list_push(&l, &items[i].link);
  }
  CHECK("the first in is the first out", list_entry(l.next, struct item, link)->value == 0);
  list_remove(&items[1].link);
  list_remove(&items[1].link);
  CHECK("removing twice is removing once", !list_linked(&items[1].link) && list_entry(l.prev, struct item, link)->value == 2);
  list_take(&other, &l);
  CHECK("taking moves all", list_empty(&l) && list_entry(other.next, struct item, link)->value == 0);
  list_push(&l, &items[1].link);
  CHECK("while the source can grow again", !list_empty(&l) && list_linked(&items[1].link));
  CHECK("shift takes from the front", list_shift(&other) == &items[0].link && list_shift(&other) == &items[2].link && !list_shift(&other));
  list_take(&other, &l);
  list_take(&other, &l);
  CHECK("taking from an empty list empties", list_empty(&other));
  TESTS_END;
}
