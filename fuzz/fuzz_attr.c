/* Attributes: a query is applied as a whole or not at all, what is kept satisfies the rules, and
 * its text reads back to the same set.
 *
 * Input: requests separated by line feeds, their items by '&'.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "model/attr.h"

static bool has(const lw_attrs *attrs, lw_attr attr)
{
    return (attrs->has & LW_ATTR_BIT(attr)) != 0;
}

static bool same_text(const lw_attrs *a, const lw_attrs *b)
{
    static uint8_t text[2][4096];
    lw_writer w[2];
    const lw_attrs *of[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        lw_writer_init(&w[i], text[i], sizeof text[i]);
        lw_attrs_write_link(&w[i], of[i], &lw_attr_all);
        FUZZ_CHECK(w[i].err == LW_OK);
    }
    return a->has == b->has && lw_bytes_equal(lw_writer_bytes(&w[0]), lw_writer_bytes(&w[1]));
}

static void check_rules(const lw_attrs *a)
{
    double step = has(a, LW_ATTR_ST) ? a->st : 0;
    FUZZ_CHECK(!has(a, LW_ATTR_ST) || step > 0);
    FUZZ_CHECK(!has(a, LW_ATTR_LT) || !has(a, LW_ATTR_GT) || a->lt + 2 * step < a->gt);
}

static lw_bytes cut_at(lw_bytes *rest, uint8_t separator)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != separator) {
        len++;
    }
    lw_bytes first = lw_bytes_of(rest->ptr, len);
    *rest = lw_bytes_from(*rest, len + 1);
    return first;
}

/* A request to change a set, wherever it stands. */
static lw_attrs_change change_from(lw_attrs attrs)
{
    return (lw_attrs_change){.attrs = attrs, .level = LW_LEVEL_RESOURCE, .known = &lw_attr_all};
}

static void check_round_trip(const lw_attrs *a)
{
    static uint8_t text[4096];
    lw_attrs_change change = change_from((lw_attrs){0});
    lw_writer w;
    lw_writer_init(&w, text, sizeof text);
    lw_attrs_write_link(&w, a, &lw_attr_all);
    lw_bytes rest = lw_writer_bytes(&w);
    FUZZ_CHECK(w.err == LW_OK && cut_at(&rest, ';').len == 0);
    while (rest.len > 0) {
        FUZZ_CHECK(lw_attrs_take_query(&change, cut_at(&rest, ';')) == LW_OK);
    }
    FUZZ_CHECK(change.named == a->has && same_text(&change.attrs, a));
}

static bool take_all(lw_bytes query, lw_attrs_change *change)
{
    while (query.len > 0) {
        lw_bytes item = cut_at(&query, '&');
        if (lw_attrs_take_query(change, item) != LW_OK) {
            return false;
        }
    }
    return lw_attrs_check(change) == LW_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lw_attrs attrs = {0};
    lw_bytes rest = lw_bytes_of(data, size);
    while (rest.len > 0) {
        lw_attrs_change change = change_from(attrs);
        if (!take_all(cut_at(&rest, '\n'), &change)) {
            continue;
        }
        FUZZ_CHECK(((attrs.has ^ change.attrs.has) & ~change.named) == 0);
        attrs = change.attrs;
        check_rules(&attrs);
        check_round_trip(&attrs);
        lw_attrs inherited = {0};
        lw_attrs_inherit(&inherited, &attrs);
        FUZZ_CHECK(same_text(&inherited, &attrs));
    }
    return 0;
}
