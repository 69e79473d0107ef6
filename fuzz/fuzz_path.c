/* Paths: what parses formats to text that parses to the same, and the order is the tree's order.
 *
 * Input: two texts with a line feed between them.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "lw/path.h"

static bool parse(const uint8_t *data, size_t size, lw_path *p)
{
    lw_err err = lw_path_parse(lw_bytes_of(data, size), p);
    FUZZ_CHECK(err == LW_OK || err == LW_EFORMAT || err == LW_EDEPTH || err == LW_ERANGE);
    return err == LW_OK;
}

static void check_text(const uint8_t *data, size_t size, lw_path p)
{
    char text[LW_PATH_TEXT_MAX];
    size_t len = lw_path_format(p, text);
    FUZZ_CHECK(len <= sizeof text);
    bool trailing_slash = size == len + 1 && data[len] == '/';
    FUZZ_CHECK((size == len || trailing_slash) && memcmp(data, text, len) == 0);
    lw_path again;
    FUZZ_CHECK(parse((const uint8_t *)text, len, &again) && lw_path_equal(p, again));
}

static void check_levels(lw_path p)
{
    for (unsigned depth = 0; depth < lw_path_depth(p); depth++) {
        lw_path above = lw_path_cut(p, depth);
        FUZZ_CHECK(lw_path_depth(above) == depth);
        FUZZ_CHECK(lw_path_contains(above, p) && !lw_path_contains(p, above));
        FUZZ_CHECK(lw_path_compare(above, p) < 0);
        lw_path below = lw_path_child(above, lw_path_id(p, depth + 1));
        FUZZ_CHECK(lw_path_equal(below, lw_path_cut(p, depth + 1)));
    }
}

static void check_pair(lw_path a, lw_path b)
{
    int order = lw_path_compare(a, b);
    int back = lw_path_compare(b, a);
    FUZZ_CHECK((order < 0) == (back > 0) && (order == 0) == (back == 0));
    FUZZ_CHECK(lw_path_equal(a, b) == (order == 0));
    FUZZ_CHECK((lw_path_contains(a, b) && lw_path_contains(b, a)) == (order == 0));
    if (lw_path_contains(a, b)) {
        FUZZ_CHECK(order <= 0);
    }
    /* Siblings of one subtree are never torn apart by what lies outside of it. */
    if (order < 0 && !lw_path_contains(a, b)) {
        FUZZ_CHECK(lw_path_depth(a) == LW_PATH_DEPTH_MAX ||
                   lw_path_compare(lw_path_child(a, 65534), b) < 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t first = 0;
    while (first < size && data[first] != '\n') {
        first++;
    }
    lw_path a;
    lw_path b;
    bool has_a = parse(data, first, &a);
    if (has_a) {
        check_text(data, first, a);
        check_levels(a);
    }
    if (first < size && parse(data + first + 1, size - first - 1, &b) && has_a) {
        check_pair(a, b);
    }
    return 0;
}
