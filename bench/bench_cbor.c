/* Binary payloads to typed entries and back, against libcbor, which on its side only builds or
 * frees a tree: it knows neither SenML nor types. The payloads: a Read of /3/0 as the specification
 * prints it, and a Send of 20 temperatures with their times.
 */
#include <cbor.h>

#include "bench.h"

#include "codec/format.h"
#include "lw/object.h"

#define PAYLOAD_MAX 2048u

typedef struct payload {
    lw_entry entries[32];
    size_t count;
    lw_path base;
    const lw_format *format;
    uint8_t bytes[PAYLOAD_MAX];
    size_t len;
} payload;

static const lw_resource_def device_resources[] = {
    {.id = 0, .type = LW_TYPE_STRING},   {.id = 1, .type = LW_TYPE_STRING},
    {.id = 2, .type = LW_TYPE_STRING},   {.id = 3, .type = LW_TYPE_STRING},
    {.id = 6, .type = LW_TYPE_INTEGER},  {.id = 7, .type = LW_TYPE_INTEGER},
    {.id = 8, .type = LW_TYPE_INTEGER},  {.id = 9, .type = LW_TYPE_INTEGER},
    {.id = 10, .type = LW_TYPE_INTEGER}, {.id = 11, .type = LW_TYPE_INTEGER},
    {.id = 13, .type = LW_TYPE_TIME},    {.id = 14, .type = LW_TYPE_STRING},
    {.id = 15, .type = LW_TYPE_STRING},  {.id = 16, .type = LW_TYPE_STRING},
};
static const lw_resource_def temperature_resources[] = {
    {.id = 5601, .type = LW_TYPE_FLOAT},
    {.id = 5602, .type = LW_TYPE_FLOAT},
    {.id = 5700, .type = LW_TYPE_FLOAT},
    {.id = 5701, .type = LW_TYPE_STRING},
};
static const lw_object_def device = {
    .id = 3,
    .resource_count = sizeof device_resources / sizeof device_resources[0],
    .resources = device_resources,
};
static const lw_object_def temperature = {
    .id = 3303,
    .resource_count = sizeof temperature_resources / sizeof temperature_resources[0],
    .resources = temperature_resources,
};

static lw_type type_of(void *ctx, lw_path path)
{
    (void)ctx;
    const lw_object_def *object =
        lw_path_id(path, LW_LEVEL_OBJECT) == device.id ? &device : &temperature;
    const lw_resource_def *def =
        lw_object_def_resource(object, lw_path_id(path, LW_LEVEL_RESOURCE));
    return def == NULL ? LW_TYPE_NONE : (lw_type)def->type;
}

static void add(payload *p, lw_path path, lw_value value)
{
    p->entries[p->count++] = (lw_entry){.path = path, .value = value};
}

static void add_device(payload *p)
{
    static const struct {
        uint16_t id;
        int64_t values[2];
    } multiple[] = {{6, {1, 5}}, {7, {3800, 5000}}, {8, {125, 900}}};
    p->base = lw_path_instance(3, 0);
    add(p, lw_path_resource(3, 0, 0), lw_value_string("Open Mobile Alliance"));
    add(p, lw_path_resource(3, 0, 1), lw_value_string("Lightweight M2M Client"));
    add(p, lw_path_resource(3, 0, 2), lw_value_string("345000123"));
    add(p, lw_path_resource(3, 0, 3), lw_value_string("1.0"));
    for (size_t i = 0; i < 3; i++) {
        for (uint16_t ri = 0; ri < 2; ri++) {
            add(p, lw_path_resource_instance(3, 0, multiple[i].id, ri),
                lw_value_integer(multiple[i].values[ri]));
        }
    }
    add(p, lw_path_resource(3, 0, 9), lw_value_integer(100));
    add(p, lw_path_resource(3, 0, 10), lw_value_integer(15));
    add(p, lw_path_resource_instance(3, 0, 11, 0), lw_value_integer(0));
    add(p, lw_path_resource(3, 0, 13), lw_value_time(1367491215));
    add(p, lw_path_resource(3, 0, 14), lw_value_string("+02:00"));
    add(p, lw_path_resource(3, 0, 16), lw_value_string("U"));
}

static void add_temperatures(payload *p)
{
    p->base = lw_path_root();
    for (unsigned i = 0; i < 20; i++) {
        add(p, lw_path_resource(3303, 0, 5700), lw_value_float(21.5 + 0.1 * i));
        p->entries[p->count - 1].base_time = lw_value_integer(1700000000);
        p->entries[p->count - 1].time = i > 0 ? lw_value_integer(60 * (int64_t)i) : lw_value_none();
    }
}

static lw_err encode(const payload *p, uint8_t *out, size_t *out_len)
{
    lw_entries entries = {p->entries, p->count};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = p->base};
    lw_writer w;
    lw_writer_init(&w, out, PAYLOAD_MAX);
    lw_err err = lw_encode(p->format, &source, &cfg, &w);
    *out_len = lw_writer_bytes(&w).len;
    return err;
}

static const payload *make(payload *p, const lw_format *format, void (*add_entries)(payload *))
{
    if (p->format == NULL) {
        p->format = format;
        add_entries(p);
        BENCH_CHECK(encode(p, p->bytes, &p->len) == LW_OK);
    }
    return p;
}

static const payload *senml_device(void)
{
    static payload p;
    return make(&p, &lw_format_senml_cbor, add_device);
}

static const payload *senml_send(void)
{
    static payload p;
    return make(&p, &lw_format_senml_cbor, add_temperatures);
}

static const payload *lwm2m_device(void)
{
    static payload p;
    return make(&p, &lw_format_lwm2m_cbor, add_device);
}

static const payload *tlv_device(void)
{
    static payload p;
    return make(&p, &lw_format_tlv, add_device);
}

static void decode_all(const payload *p, size_t n)
{
    uint8_t scratch[64];
    lw_decode_cfg cfg = {
        .base = p->base, .type_of = type_of, .scratch = scratch, .scratch_len = sizeof scratch};
    for (size_t i = 0; i < n; i++) {
        lw_decoder d;
        lw_entry e;
        lw_err err;
        size_t count = 0;
        lw_decoder_init(&d, p->format, &cfg);
        lw_decoder_feed(&d, lw_bytes_of(p->bytes, p->len), true);
        while ((err = lw_decoder_next(&d, &e)) == LW_OK) {
            bench_keep(&e);
            count++;
        }
        BENCH_CHECK(err == LW_END && count == p->count);
    }
}

static void encode_all(const payload *p, size_t n)
{
    uint8_t out[PAYLOAD_MAX];
    size_t len;
    for (size_t i = 0; i < n; i++) {
        BENCH_CHECK(encode(p, out, &len) == LW_OK);
        bench_keep(out);
    }
}

static void load_with_libcbor(const payload *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct cbor_load_result result;
        cbor_item_t *item = cbor_load(p->bytes, p->len, &result);
        BENCH_CHECK(item != NULL);
        bench_keep(item);
        cbor_decref(&item);
    }
}

static void add_pair(cbor_item_t *map, cbor_item_t *key, cbor_item_t *value)
{
    BENCH_CHECK(cbor_map_add(map, (struct cbor_pair){cbor_move(key), cbor_move(value)}));
}

static cbor_item_t *text_item(lw_bytes text)
{
    return cbor_build_stringn((const char *)text.ptr, text.len);
}

static cbor_item_t *uint_item(uint64_t v)
{
    if (v < 256) {
        return cbor_build_uint8((uint8_t)v);
    }
    return v < 65536 ? cbor_build_uint16((uint16_t)v) : cbor_build_uint32((uint32_t)v);
}

/* One record as our encoder writes it, names and all computed beforehand. */
static cbor_item_t *record_item(const payload *p, size_t i, lw_bytes base_name, lw_bytes name)
{
    const lw_entry *e = &p->entries[i];
    cbor_item_t *map = cbor_new_definite_map(4);
    if (i == 0) {
        add_pair(map, cbor_build_negint8(1), text_item(base_name));
    }
    if (lw_entry_has_time(e) && i == 0) {
        add_pair(map, cbor_build_negint8(2), uint_item(e->base_time.as.uns));
    }
    if (name.len > 0) {
        add_pair(map, cbor_build_uint8(0), text_item(name));
    }
    if (e->value.type == LW_TYPE_STRING) {
        add_pair(map, cbor_build_uint8(3), text_item(e->value.as.bytes));
    } else if (e->value.type == LW_TYPE_FLOAT) {
        add_pair(map, cbor_build_uint8(2), cbor_build_float8(e->value.as.number));
    } else {
        add_pair(map, cbor_build_uint8(2), uint_item(e->value.as.uns));
    }
    if (lw_entry_has_time(e) && i > 0) {
        add_pair(map, cbor_build_uint8(6), uint_item(60 * i));
    }
    return map;
}

static void build_with_libcbor(const payload *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t out[PAYLOAD_MAX];
        cbor_item_t *pack = cbor_new_definite_array(p->count);
        bool is_history = lw_entry_has_time(&p->entries[0]);
        lw_bytes base = lw_bytes_str(is_history ? "/3303/0/5700" : "/3/0/");
        for (size_t k = 0; k < p->count; k++) {
            char text[LW_PATH_TEXT_MAX];
            size_t len = lw_path_format(p->entries[k].path, text);
            lw_bytes name = lw_bytes_from(lw_bytes_of(text, len), base.len);
            BENCH_CHECK(cbor_array_push(pack, cbor_move(record_item(p, k, base, name))));
        }
        BENCH_CHECK(cbor_serialize(pack, out, sizeof out) > 0);
        bench_keep(out);
        cbor_decref(&pack);
    }
}

static void decode_senml_device(size_t n)
{
    decode_all(senml_device(), n);
}

static void load_senml_device(size_t n)
{
    load_with_libcbor(senml_device(), n);
}

static void decode_senml_send(size_t n)
{
    decode_all(senml_send(), n);
}

static void load_senml_send(size_t n)
{
    load_with_libcbor(senml_send(), n);
}

static void decode_lwm2m_device(size_t n)
{
    decode_all(lwm2m_device(), n);
}

static void load_lwm2m_device(size_t n)
{
    load_with_libcbor(lwm2m_device(), n);
}

static void decode_tlv_device(size_t n)
{
    decode_all(tlv_device(), n);
}

static void encode_senml_device(size_t n)
{
    encode_all(senml_device(), n);
}

static void build_senml_device(size_t n)
{
    build_with_libcbor(senml_device(), n);
}

static void encode_senml_send(size_t n)
{
    encode_all(senml_send(), n);
}

static void build_senml_send(size_t n)
{
    build_with_libcbor(senml_send(), n);
}

static void encode_lwm2m_device(size_t n)
{
    encode_all(lwm2m_device(), n);
}

static void encode_tlv_device(size_t n)
{
    encode_all(tlv_device(), n);
}

int main(int argc, char **argv)
{
    static const bench_case cases[] = {
        {"decode SenML CBOR /3/0", decode_senml_device, load_senml_device, .target = 2},
        {"decode SenML CBOR Send of 20", decode_senml_send, load_senml_send, .target = 1},
        {"decode LwM2M CBOR /3/0", decode_lwm2m_device, load_lwm2m_device, .target = 1},
        {"decode TLV /3/0", decode_tlv_device, NULL, .target = 0},
        {"encode SenML CBOR /3/0", encode_senml_device, build_senml_device, .target = 1},
        {"encode SenML CBOR Send of 20", encode_senml_send, build_senml_send, .target = 1},
        {"encode LwM2M CBOR /3/0", encode_lwm2m_device, NULL, .target = 0},
        {"encode TLV /3/0", encode_tlv_device, NULL, .target = 0},
    };
    return bench_main(argc, argv, "payloads", "libcbor", cases, sizeof cases / sizeof cases[0]);
}
