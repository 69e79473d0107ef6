/* The program behind the budget ram-minimal of tools/size-budgets.txt: the smallest client, linked
 * with the archives for Cortex-M4 and run by qemu-arm through an hour of its life. Writes two
 * numbers of 32 bits: the octets that it needs of the device's memory, and how many of them were in
 * use at most. Exits with the step that went wrong.
 *
 * What it keeps is chosen as a device with little RAM would: Security without keys, one server,
 * texts that are short; buffers for 1200 octets all the same.
 */
#include <string.h>

#include "lw/client.h"

#define LW_SERVERS_MAX      1
#define LW_SECURITY_URI_MAX 64
#define LW_KEY_MAX          16
#define LW_DEVICE_TEXT_MAX  24
#include "lw/core_objects.h"
#include "lw/objects.h"

LW_DECLARE(minimal_security, lw_object_0_v1_1, LW_SECURITY_MINIMAL, 1, NULL)
LW_DECLARE(minimal_server, lw_object_1_v1_1, LW_SERVER_1_0, 1, &lw_server_minimal_hooks)
LW_DECLARE(minimal_device, lw_object_3_v1_0, LW_DEVICE_MINIMAL, 1, &lw_device_minimal_hooks)

static const lw_object *const objects[] = {&minimal_security_object, &minimal_server_object,
                                           &minimal_device_object, NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_tlv, NULL};
static const lw_client_feature *const features[] = {&lw_feature_observe, NULL};

/* ---- The platform: what goes out stands in `said` ---------------------------------------------
 */

static uint8_t said[1500];
static size_t said_len;
static lw_time now;

static void fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x5a, len);
}

static lw_err link_open(void *ctx, uint8_t link, const lw_link_to *to)
{
    (void)ctx;
    (void)link;
    (void)to;
    return LW_OK;
}

static void link_close(void *ctx, uint8_t link)
{
    (void)ctx;
    (void)link;
}

static const lw_platform platform = {
    .random = fill, .link_open = link_open, .link_close = link_close};

/* Steps until nothing more goes out; the last datagram stays in `said`. */
static void turn(lw_client *client)
{
    lw_client_out out;
    lw_client_step(client, now);
    while (lw_client_poll(client, &out)) {
        memcpy(said, out.octets.ptr, out.octets.len);
        said_len = out.octets.len;
    }
}

/* ---- The server -------------------------------------------------------------------------------
 */

static void hear(lw_client *client, const void *octets, size_t len)
{
    said_len = 0;
    lw_client_feed(client, now, 0, lw_bytes_of(octets, len));
    turn(client);
}

/* The answer to the request in `said`, with its message id and token. */
static void answer(lw_client *client, uint8_t code, const char *options, size_t len)
{
    uint8_t datagram[64] = {(uint8_t)(0x60 | (said[0] & 15)), code, said[2], said[3]};
    size_t token = said[0] & 15;
    memcpy(datagram + 4, said + 4, token);
    memcpy(datagram + 4 + token, options, len);
    hear(client, datagram, 4 + token + len);
}

static bool was_answered(uint8_t code)
{
    return said_len >= 4 && said[1] == code;
}

/* CON requests; each has a message id of its own. */
#define REQUEST(client, code, octets) request(client, code, octets, sizeof(octets) - 1)
static void request(lw_client *client, uint8_t code, const char *octets, size_t len)
{
    static uint8_t mid;
    uint8_t datagram[64] = {0x41, code, 0x70, ++mid, mid};
    memcpy(datagram + 5, octets, len);
    hear(client, datagram, 5 + len);
}

#define GET  1
#define POST 2
#define PUT  3

/* 0: all went as it should. */
static int live(lw_client *client)
{
    lw_client_start(client, now);
    turn(client);
    answer(client, 0x41,
           "\x82rd\x01"
           "1",
           5); /* 2.01, Location-Path rd/1 */
    if (!lw_client_is_registered(client, 1)) {
        return 1;
    }
    REQUEST(client, GET,
            "\x60\x51"
            "3\x61\x70"); /* Observe 3, SenML CBOR */
    if (!was_answered(0x45)) {
        return 2;
    }
    REQUEST(client, GET,
            "\x60\x51"
            "3\x01"
            "0\x01"
            "0\x62\x2d\x16"); /* Observe 3/0/0, TLV */
    if (!was_answered(0x45)) {
        return 3;
    }
    REQUEST(client, GET,
            "\xb1"
            "3\x61\x28"); /* Discover 3 */
    if (!was_answered(0x45)) {
        return 4;
    }
    REQUEST(client, PUT,
            "\xb1"
            "3\x01"
            "0\x47pmax=60"); /* Write-Attributes */
    if (!was_answered(0x44)) {
        return 5;
    }
    REQUEST(client, PUT,
            "\xb1"
            "1\x01"
            "0\x01"
            "1\x12\x2d\x16\xff\xc2\x01\x01\x2c"); /* lifetime 300 */
    if (!was_answered(POST)) {                    /* 2.04, and behind it the Update */
        return 6;
    }
    answer(client, 0x44, "", 0);
    for (int minute = 0; minute < 60; minute++) {
        now += 60 * LW_SECOND_MS;
        minimal_device_set_manufacturer(lw_client_tree(client), 0,
                                        minute % 2 != 0 ? "odd" : "even");
        turn(client);
        if (said[1] == POST) {
            answer(client, 0x44, "", 0);
        } else if (was_answered(0x45) && (said[0] & 0x30) == 0) {
            hear(client, (uint8_t[]){0x60, 0, said[2], said[3]}, 4);
        }
    }
    return lw_client_is_registered(client, 1) ? 0 : 7;
}

/* A system call of Linux, which qemu-arm plays: there is no other C library here. */
static int system_call(int number, int a, const void *b, size_t c)
{
    register int r7 __asm__("r7") = number;
    register int r0 __asm__("r0") = a;
    register const void *r1 __asm__("r1") = b;
    register size_t r2 __asm__("r2") = c;
    __asm__ volatile("svc #0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2) : "memory");
    return r0;
}

#define SYSTEM_EXIT  1
#define SYSTEM_WRITE 4

static int whole(void)
{
    static uint8_t memory[16 * 1024];
    static const lw_client_cfg cfg = {.endpoint = "minimal",
                                      .version = 11,
                                      .objects = objects,
                                      .formats = formats,
                                      .features = features,
                                      .platform = &platform,
                                      .observations_max = 4,
                                      .attributes_max = 4,
                                      .payload_max = 1200,
                                      .dynamic = 1024};
    static const lw_client_account server = {
        .uri = "coap://192.0.2.1", .ssid = 1, .security = LW_SECURITY_NOSEC};
    lw_client *client;
    size_t octets[2] = {lw_client_mem_needed(&cfg), 0};
    if (lw_client_init(&client, &cfg, memory, octets[0]) != LW_OK ||
        lw_client_add_server(client, &server) != LW_OK ||
        minimal_device_set_manufacturer(lw_client_tree(client), 0, "Lapwing") != LW_OK) {
        return 8;
    }
    int trouble = live(client);
    lw_client_mem_used(client, &octets[1]);
    system_call(SYSTEM_WRITE, 1, octets, sizeof octets);
    return trouble;
}

void _start(void)
{
    system_call(SYSTEM_EXIT, whole(), NULL, 0);
}
