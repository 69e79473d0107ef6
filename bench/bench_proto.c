/* What a server does for each Register and each answer of a Discover, and a device for each
 * request. There is no peer library for these: the numbers are here so that a change that makes
 * them worse is seen.
 */
#include "bench.h"

#include "proto/register_for_tests.h"
#include "proto/request.h"

static const char links[] =
    "</>;rt=\"oma.lwm2m\";ct=\"110 112\",</1/0>,</2/0>,</2/1>,</3/0>,</4/0>,"
    "</5/0>,</6/0>,</7>,</3303>;ver=1.1,</3303/0>,</3303/1>,</3304/0>";

static lw_bytes register_datagram(uint8_t *buf, size_t cap)
{
    lw_writer w;
    lw_writer_init(&w, buf, cap);
    lw_coap_out out;
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_POST, 1, (lw_coap_token){4, {1, 2, 3, 4}});
    lw_registration reg = {.given = LW_REG_ENDPOINT | LW_REG_LIFETIME | LW_REG_VERSION |
                                    LW_REG_BINDING | LW_REG_LIST,
                           .endpoint = LW_BYTES_LIT("urn:dev:os:32473-0001234567"),
                           .lifetime = 86400,
                           .version = LW_VERSION_1_1,
                           .binding = LW_BYTES_LIT("U"),
                           .list = LW_BYTES_LIT(links)};
    put_registration(&out, NULL, &reg);
    lw_coap_put_payload(&out, reg.list);
    BENCH_CHECK(w.err == LW_OK);
    return lw_writer_bytes(&w);
}

static void parse_register(size_t n)
{
    uint8_t buf[512];
    lw_bytes datagram = register_datagram(buf, sizeof buf);
    for (size_t i = 0; i < n; i++) {
        lw_coap_msg msg;
        lw_request request;
        lw_registration reg;
        lw_object_list list;
        lw_register_policy policy = {.links_max = 500};
        BENCH_CHECK(lw_coap_msg_parse(datagram, &msg) == LW_OK);
        BENCH_CHECK(lw_route_server(&msg, &request) == LW_COAP_EMPTY);
        BENCH_CHECK(lw_register_parse(&request, &policy, &reg, &list) == LW_REFUSAL_NONE);
        lw_object_link link;
        while (lw_object_list_next(&list, &link)) {
            bench_keep(&link);
        }
    }
}

static void build_register(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t buf[512];
        lw_bytes datagram = register_datagram(buf, sizeof buf);
        bench_keep(&datagram);
    }
}

static void build_read(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t buf[64];
        lw_writer w;
        lw_coap_out out;
        lw_request request = lw_request_of(LW_OP_READ, lw_path_resource(3303, 0, 5700));
        request.accept = LW_CF_SENML_CBOR;
        lw_writer_init(&w, buf, sizeof buf);
        lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_GET, 1, (lw_coap_token){4, {1, 2, 3, 4}});
        lw_request_put(&out, &request);
        BENCH_CHECK(w.err == LW_OK);
        bench_keep(buf);
    }
}

static void route_read(size_t n)
{
    static const uint8_t datagram[] = "\x41\x01\x00\x01\xB2\xB4"
                                      "3303\x01"
                                      "0\x04"
                                      "5700\x61\x70";
    lw_route route = {.version = LW_VERSION_1_1, .ops = LW_OPS_ALL};
    for (size_t i = 0; i < n; i++) {
        lw_coap_msg msg;
        lw_request request;
        BENCH_CHECK(lw_coap_msg_parse(lw_bytes_of(datagram, sizeof datagram - 1), &msg) == LW_OK);
        BENCH_CHECK(lw_route_device(&route, &msg, &request) == LW_COAP_EMPTY);
        bench_keep(&request);
    }
}

static void read_links(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lw_link_reader r;
        lw_link_reader_init(&r, lw_bytes_of(links, sizeof links - 1));
        lw_corelink link;
        while (lw_link_next(&r, &link) == LW_OK) {
            bench_keep(&link);
        }
    }
}

int main(int argc, char **argv)
{
    static const bench_case cases[] = {
        {.name = "parse a Register of 13 links", .ours = parse_register},
        {.name = "build a Register of 13 links", .ours = build_register},
        {.name = "parse and route a Read", .ours = route_read},
        {.name = "build a Read", .ours = build_read},
        {.name = "walk 13 links", .ours = read_links},
    };
    return bench_main(argc, argv, "proto", "-", cases, sizeof cases / sizeof cases[0]);
}
