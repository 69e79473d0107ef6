/* The JSON reader: in one window or in many, the tokens are the same; each one's text, unescaped
 * and written again, reads back to the same; what is told as a number is one.
 *
 * Input: one octet, the step by which the window grows; then the text.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/json.h"

#define TEXT_MAX   2000
#define TOKENS_MAX (TEXT_MAX + 1)

typedef struct tokens {
    size_t count;
    lw_err err;
    uint8_t kind[TOKENS_MAX];
    size_t len[TOKENS_MAX];
} tokens;

static bool has_text(const lw_json_token *t)
{
    return t->kind == LW_JSON_STRING || t->kind == LW_JSON_NAME;
}

static void check_string(const lw_json_token *t)
{
    uint8_t plain[TEXT_MAX];
    uint8_t written[6 * TEXT_MAX + 2];
    uint8_t again[TEXT_MAX];
    lw_writer w;
    lw_writer_init(&w, plain, sizeof plain);
    lw_bytes text;
    FUZZ_CHECK(lw_json_text(t, &w, &text) == LW_OK);
    FUZZ_CHECK(text.len <= t->text.len && lw_utf8_is_valid(text));
    lw_writer_init(&w, written, sizeof written);
    lw_json_write_string(&w, text);
    FUZZ_CHECK(w.err == LW_OK);
    lw_json j;
    lw_json_token back;
    lw_json_init(&j, lw_writer_bytes(&w), true);
    FUZZ_CHECK(lw_json_next(&j, &back) == LW_OK && back.kind == LW_JSON_STRING);
    lw_bytes same;
    lw_writer_init(&w, again, sizeof again);
    FUZZ_CHECK(lw_json_text(&back, &w, &same) == LW_OK && lw_bytes_equal(same, text));
    FUZZ_CHECK(lw_json_next(&j, &back) == LW_END);
}

static void check_token(const lw_json_token *t)
{
    if (has_text(t)) {
        check_string(t);
    }
    if (t->kind == LW_JSON_NUMBER) {
        lw_value v;
        lw_err err = lw_json_value(t, NULL, &v);
        FUZZ_CHECK(err == LW_OK || err == LW_ERANGE);
    }
}

static void take(tokens *list, const lw_json_token *t)
{
    FUZZ_CHECK(list->count < TOKENS_MAX);
    list->kind[list->count] = t->kind;
    list->len[list->count++] = has_text(t) || t->kind == LW_JSON_NUMBER ? t->text.len : 0;
}

static void read_at_once(lw_bytes text, tokens *list)
{
    lw_json j;
    lw_json_token t;
    lw_json_init(&j, text, true);
    list->count = 0;
    while ((list->err = lw_json_next(&j, &t)) == LW_OK) {
        FUZZ_CHECK(j.depth <= LW_JSON_DEPTH_MAX && j.pos <= text.len);
        check_token(&t);
        take(list, &t);
    }
    FUZZ_CHECK(list->err == LW_END || list->err == LW_EFORMAT || list->err == LW_EDEPTH);
    FUZZ_CHECK(list->err != LW_END || (j.depth == 0 && list->count > 0));
}

static void read_in_steps(lw_bytes text, size_t step, tokens *list)
{
    lw_json j;
    lw_json_token t;
    lw_json_init(&j, text, false);
    list->count = 0;
    size_t begin = 0;
    size_t end = 0;
    do {
        end = step < text.len - end ? end + step : text.len;
        uint8_t *window =
            malloc(end - begin + 1); /* of its own, so that a read beyond it is seen */
        FUZZ_CHECK(window != NULL);
        memcpy(window, text.ptr + begin, end - begin);
        j.in = lw_bytes_of(window, end - begin);
        j.pos = 0;
        j.last = end == text.len;
        while ((list->err = lw_json_next(&j, &t)) == LW_OK) {
            take(list, &t);
        }
        begin += j.pos;
        free(window);
    } while (list->err == LW_AGAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tokens whole;
    static tokens parts;
    if (size < 2 || size > TEXT_MAX) {
        return 0;
    }
    lw_bytes text = lw_bytes_of(data + 1, size - 1);
    read_at_once(text, &whole);
    read_in_steps(text, 1 + data[0] % 16, &parts);
    FUZZ_CHECK(whole.err == parts.err && whole.count == parts.count);
    FUZZ_CHECK(memcmp(whole.kind, parts.kind, whole.count) == 0);
    FUZZ_CHECK(memcmp(whole.len, parts.len, whole.count * sizeof whole.len[0]) == 0);
    return 0;
}
