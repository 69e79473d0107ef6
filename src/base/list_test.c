#include "testing/lw_test.h"

#include "base/list.h"

typedef struct item {
    char name;
    lw_link link;
} item;

static const char *names_of(const lw_link *list, char out[8])
{
    size_t n = 0;
    for (const lw_link *l = list->next; l != list; l = l->next) {
        out[n++] = LW_CONTAINER(l, item, link)->name;
    }
    out[n] = '\0';
    return out;
}

LW_TEST(a_list_keeps_the_order_of_adding)
{
    char names[8];
    lw_link list;
    item a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'};
    lw_list_init(&list);
    assert_true(lw_list_is_empty(&list));
    lw_list_add_last(&list, &b.link);
    lw_list_add_last(&list, &c.link);
    lw_list_add_first(&list, &a.link);
    assert_false(lw_list_is_empty(&list));
    assert_string_equal(names_of(&list, names), "abc");
}

LW_TEST(removing_joins_the_neighbours)
{
    char names[8];
    lw_link list;
    item a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'};
    lw_list_init(&list);
    lw_list_add_last(&list, &a.link);
    lw_list_add_last(&list, &b.link);
    lw_list_add_last(&list, &c.link);
    lw_list_remove(&b.link);
    assert_string_equal(names_of(&list, names), "ac");
    lw_list_remove(&a.link);
    lw_list_remove(&c.link);
    assert_true(lw_list_is_empty(&list));
}

LW_TEST(removing_what_is_in_no_list_is_harmless)
{
    char names[8];
    lw_link list;
    item a = {.name = 'a'}, b = {.name = 'b'};
    lw_list_init(&list);
    lw_list_init(&b.link);
    lw_list_add_last(&list, &a.link);
    lw_list_remove(&b.link);
    lw_list_remove(&a.link);
    lw_list_remove(&a.link);
    assert_true(lw_list_is_empty(&list));
    lw_list_add_last(&list, &a.link);
    assert_string_equal(names_of(&list, names), "a");
}

LW_TEST(all_can_be_removed_while_iterating)
{
    lw_link list;
    item items[5] = {{0}};
    lw_list_init(&list);
    for (size_t i = 0; i < 5; i++) {
        lw_list_add_last(&list, &items[i].link);
    }
    lw_link *next;
    for (lw_link *l = list.next; l != &list; l = next) {
        next = l->next;
        lw_list_remove(l);
    }
    assert_true(lw_list_is_empty(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_keeps_the_order_of_adding),
        cmocka_unit_test(removing_joins_the_neighbours),
        cmocka_unit_test(removing_what_is_in_no_list_is_harmless),
        cmocka_unit_test(all_can_be_removed_while_iterating),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
