/* SenML JSON against jansson. Ours reads octets to typed entries with paths; for jansson only
 * json_loadb is timed, which leaves the walk over the tree and the paths still to do. Writing: ours
 * from entries; theirs builds the tree and dumps it.
 *
 * Numbers against strtod and snprintf: "%.17g" reads back as ours does, but is not the shortest.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "bench.h"
#include "codec/format.h"

/* ---- Payloads ---------------------------------------------------------------------------------
 */

/* GET /3/0 of formats.md section 7 */
static const char device[] =
    "[{\"bn\":\"/3/0/\",\"n\":\"0\",\"vs\":\"Open Mobile Alliance\"},"
    "{\"n\":\"1\",\"vs\":\"Lightweight M2M Client\"},{\"n\":\"2\",\"vs\":\"345000123\"},"
    "{\"n\":\"3\",\"vs\":\"1.0\"},{\"n\":\"6/0\",\"v\":1},{\"n\":\"6/1\",\"v\":5},"
    "{\"n\":\"7/0\",\"v\":3800},{\"n\":\"7/1\",\"v\":5000},{\"n\":\"8/0\",\"v\":125},"
    "{\"n\":\"8/1\",\"v\":900},{\"n\":\"9\",\"v\":100},{\"n\":\"10\",\"v\":15},"
    "{\"n\":\"11/0\",\"v\":0},{\"n\":\"13\",\"v\":1367491215},{\"n\":\"14\",\"vs\":\"+02:00\"},"
    "{\"n\":\"16\",\"vs\":\"U\"}]";

#define MAX_ENTRIES 32u
#define SEND_COUNT  20u

static lw_entry device_list[MAX_ENTRIES];
static lw_entry send_list[SEND_COUNT];
static lw_entries device_entries = {device_list, 0};
static lw_entries send_entries = {send_list, SEND_COUNT};
static uint8_t send_text[4096];
static size_t send_len;

static size_t read_all(lw_bytes text, lw_entry *list)
{
    uint8_t scratch[256];
    lw_decode_cfg cfg = {.scratch = scratch, .scratch_len = sizeof scratch};
    lw_decoder d;
    lw_decoder_init(&d, &lw_format_senml_json, &cfg);
    lw_decoder_feed(&d, text, true);
    size_t count = 0;
    lw_entry entry;
    lw_err err;
    while ((err = lw_decoder_next(&d, &entry)) == LW_OK) {
        bench_keep(&entry);
        if (list != NULL) {
            list[count] = entry;
        }
        count++;
    }
    BENCH_CHECK(err == LW_END);
    return count;
}

static size_t write_all(const lw_entries *entries, uint8_t *out, size_t cap)
{
    lw_source source = lw_entries_source(entries);
    lw_encode_cfg cfg = {.base = lw_path_root()};
    lw_writer w;
    lw_writer_init(&w, out, cap);
    BENCH_CHECK(lw_encode(&lw_format_senml_json, &source, &cfg, &w) == LW_OK);
    bench_keep(out);
    return w.pos;
}

/* Twenty temperatures, one a minute. */
static void prepare(void)
{
    device_entries.count = read_all(lw_bytes_of(device, sizeof device - 1), device_list);
    for (size_t i = 0; i < SEND_COUNT; i++) {
        send_list[i] =
            (lw_entry){.path = lw_path_resource(3303, 0, 5700),
                       .base_time = lw_value_integer(1700000000),
                       .time = i > 0 ? lw_value_integer(60 * (int64_t)i) : lw_value_none(),
                       .value = lw_value_float(20 + (double)i * 0.37)};
    }
    send_len = write_all(&send_entries, send_text, sizeof send_text);
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

static void read_device(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        BENCH_CHECK(read_all(lw_bytes_of(device, sizeof device - 1), NULL) == 16);
    }
}

static void read_send(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        BENCH_CHECK(read_all(lw_bytes_of(send_text, send_len), NULL) == SEND_COUNT);
    }
}

static void load(const char *text, size_t len)
{
    json_t *tree = json_loadb(text, len, 0, NULL);
    BENCH_CHECK(tree != NULL);
    json_decref(tree);
}

static void load_device(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        load(device, sizeof device - 1);
    }
}

static void load_send(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        load((const char *)send_text, send_len);
    }
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static void write_device(size_t n)
{
    uint8_t out[2048];
    for (size_t i = 0; i < n; i++) {
        BENCH_CHECK(write_all(&device_entries, out, sizeof out) == sizeof device - 1);
    }
}

static void write_send(size_t n)
{
    uint8_t out[2048];
    for (size_t i = 0; i < n; i++) {
        BENCH_CHECK(write_all(&send_entries, out, sizeof out) == send_len);
    }
}

static json_t *value_of(const lw_entry *e)
{
    switch (e->value.type) {
    case LW_TYPE_STRING:
        return json_stringn((const char *)e->value.as.bytes.ptr, e->value.as.bytes.len);
    case LW_TYPE_FLOAT:
        return json_real(e->value.as.number);
    default:
        return json_integer(e->value.as.integer);
    }
}

/* `base_len` octets of each name stand in the base name. */
static void build_and_dump(const lw_entries *entries, size_t base_len, char *out, size_t cap)
{
    json_t *pack = json_array();
    for (size_t i = 0; i < entries->count; i++) {
        const lw_entry *e = &entries->list[i];
        char name[LW_PATH_TEXT_MAX];
        size_t len = lw_path_format(e->path, name);
        json_t *record = json_object();
        if (i == 0) {
            (void)json_object_set_new(record, "bn", json_stringn(name, base_len));
        }
        if (len > base_len) {
            json_t *n = json_stringn(name + base_len, len - base_len);
            (void)json_object_set_new(record, "n", n);
        }
        const char *key = e->value.type == LW_TYPE_STRING ? "vs" : "v";
        (void)json_object_set_new(record, key, value_of(e));
        if (lw_entry_has_time(e)) {
            json_int_t t = i == 0 ? e->base_time.as.integer : e->time.as.integer;
            (void)json_object_set_new(record, i == 0 ? "bt" : "t", json_integer(t));
        }
        (void)json_array_append_new(pack, record);
    }
    size_t len = json_dumpb(pack, out, cap, JSON_COMPACT);
    BENCH_CHECK(len > 0 && len <= cap);
    bench_keep(out);
    json_decref(pack);
}

static void dump_device(size_t n)
{
    char out[2048];
    for (size_t i = 0; i < n; i++) {
        build_and_dump(&device_entries, 5, out, sizeof out);
    }
}

static void dump_send(size_t n)
{
    char out[2048];
    for (size_t i = 0; i < n; i++) {
        build_and_dump(&send_entries, 12, out, sizeof out);
    }
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

static const char *const number_texts[] = {"21.5",    "43.61092", "-49",     "1367491215",
                                           "3.87723", "0.001",    "1013.25", "99.9"};
static const char *const long_texts[] = {"0.30000000000000004", "6.667e-11",
                                         "2.718281828459045",   "1.7976931348623157e308",
                                         "9.109383701528e-31",  "123456789.12345678"};

static void parse_ours(const char *const *texts, size_t count, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double v;
        const char *text = texts[i % count];
        BENCH_CHECK(lw_num_parse_double(lw_bytes_str(text), &v) == LW_OK);
        bench_keep(&v);
    }
}

static void parse_theirs(const char *const *texts, size_t count, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double v = strtod(texts[i % count], NULL);
        bench_keep(&v);
    }
}

static void format_ours(const char *const *texts, size_t count, size_t n)
{
    char out[LW_NUM_TEXT_MAX];
    double values[8];
    for (size_t i = 0; i < count; i++) {
        values[i] = strtod(texts[i], NULL);
    }
    for (size_t i = 0; i < n; i++) {
        BENCH_CHECK(lw_num_format_double(values[i % count], false, LW_NUM_SHORT, out) > 0);
        bench_keep(out);
    }
}

static void format_theirs(const char *const *texts, size_t count, size_t n)
{
    char out[64];
    double values[8];
    for (size_t i = 0; i < count; i++) {
        values[i] = strtod(texts[i], NULL);
    }
    for (size_t i = 0; i < n; i++) {
        BENCH_CHECK(snprintf(out, sizeof out, "%.17g", values[i % count]) > 0);
        bench_keep(out);
    }
}

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void parse_few(size_t n)
{
    parse_ours(number_texts, COUNT(number_texts), n);
}

static void strtod_few(size_t n)
{
    parse_theirs(number_texts, COUNT(number_texts), n);
}

static void parse_many(size_t n)
{
    parse_ours(long_texts, COUNT(long_texts), n);
}

static void strtod_many(size_t n)
{
    parse_theirs(long_texts, COUNT(long_texts), n);
}

static void format_few(size_t n)
{
    format_ours(number_texts, COUNT(number_texts), n);
}

static void snprintf_few(size_t n)
{
    format_theirs(number_texts, COUNT(number_texts), n);
}

static void format_many(size_t n)
{
    format_ours(long_texts, COUNT(long_texts), n);
}

static void snprintf_many(size_t n)
{
    format_theirs(long_texts, COUNT(long_texts), n);
}

int main(int argc, char **argv)
{
    static const bench_case json[] = {
        {"read /3/0, 16 records", read_device, load_device, .target = 1.5},
        {"read a Send, 20 records with times", read_send, load_send, .target = 1.5},
        {"write /3/0, 16 records", write_device, dump_device, .target = 1.5},
        {"write a Send, 20 records with times", write_send, dump_send, .target = 1.5},
        {"number from text, as sensors send it (strtod)", parse_few, strtod_few, .target = 1},
        {"number from text, many digits (strtod)", parse_many, strtod_many, .target = 1},
        {"number to text, as sensors send it (snprintf)", format_few, snprintf_few, .target = 2},
        {"number to text, many digits (snprintf)", format_many, snprintf_many, .target = 1},
    };
    prepare();
    return bench_main(argc, argv, "json", "jansson", json, sizeof json / sizeof json[0]);
}
