#include "server/rig_test.h"

#define REGISTER "/rd?ep=urn:dev1&lt=300&lwm2m=1.1&b=U"

static uint8_t post(rig *r, const char *target)
{
    return rig_request(r, 4000, LW_COAP_POST, target, RIG_LINKS);
}

static rig *strict_rig(void)
{
    lw_server_cfg cfg = {.shard = 3, .strict = true};
    return rig_new(&cfg);
}

/* The bytes of OMA-TS-LightweightM2M_Core-V1_1_1 6.2.1 as ets 101 sends them: POST /rd, ep, lt,
 * lwm2m, b, and the object list. */
LW_TEST(a_register_of_the_specification_octet_by_octet)
{
    static const uint8_t octets[] =
        "\x44\x02\x12\x34\xa1\xa2\xa3\xa4" /* CON POST, message id, token */
        "\xb2rd"                           /* Uri-Path */
        "\x11\x28"                         /* Content-Format 40 */
        "\x37"
        "ep=urn1"
        "\x06"
        "lt=300"
        "\x09"
        "lwm2m=1.1"
        "\x03"
        "b=U"
        "\xff"
        "</1/0>,</3/0>";
    rig *r = rig_new(NULL);
    lw_hop hop = rig_hop(4000);
    lw_server_feed(r->server, r->now, &hop, lw_bytes_of(octets, sizeof octets - 1));
    const rig_datagram *d = rig_last(r);
    assert_int_equal(d->len, 8 + 3 + 13);
    assert_memory_equal(d->octets, "\x64\x41\x12\x34\xa1\xa2\xa3\xa4\x82rd\x0c", 12);
    assert_memory_equal(&d->to, &hop, sizeof hop);
    lw_server_device device = rig_device(r, "urn1");
    assert_int_equal(device.row.lifetime, 300);
    assert_int_equal(device.row.version, 11);
    assert_bytes(device.row.links, "</1/0>,</3/0>");
    assert_memory_equal(device.row.location.ptr, d->octets + 12, 12);
    rig_free(r);
}

LW_TEST(REG_02_what_a_register_must_say)
{
    rig *r = strict_rig();
    assert_int_equal(post(r, "/rd?lt=300&lwm2m=1.1"), LW_COAP_BAD_REQUEST); /* P-REG-22 */
    assert_int_equal(post(r, "/rd?ep=a&lwm2m=1.1"), LW_COAP_BAD_REQUEST);
    assert_int_equal(post(r, "/rd?ep=a&lt=300"), LW_COAP_BAD_REQUEST);
    assert_int_equal(post(r, "/rd?ep=a&lt=x&lwm2m=1.1"), LW_COAP_BAD_REQUEST);
    assert_int_equal(post(r, "/rd?ep=&lt=300&lwm2m=1.1"), LW_COAP_BAD_REQUEST);
    assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=1.1"), LW_COAP_CREATED);
    assert_string_equal(rig_told(r), "REFUSED REFUSED REFUSED REFUSED REFUSED REGISTERED");
    assert_int_equal(lw_server_get_stats(r->server).refused, 5);
    rig_free(r);
}

LW_TEST(a_refusal_tells_who_asked)
{
    rig *r = strict_rig();
    assert_int_equal(post(r, "/rd/unknown?lt=300"), LW_COAP_NOT_FOUND);
    lw_hop hop = rig_hop(4000);
    const lw_server_event *event = &r->events[r->event_count - 1].event;
    assert_int_equal(event->kind, LW_SERVER_REFUSED);
    assert_memory_equal(event->from, &hop, sizeof hop);
    rig_free(r);
}

LW_TEST(P_REG_03_a_missing_lifetime_is_a_day_unless_we_are_strict)
{
    rig *r = rig_new(NULL);
    assert_int_equal(post(r, "/rd?ep=a&lwm2m=1.1"), LW_COAP_CREATED);
    assert_int_equal(rig_device(r, "a").row.lifetime, 86400);
    rig_free(r);
}

LW_TEST(edge_01_no_links_are_refused_and_so_is_another_major_version)
{
    rig *r = rig_new(NULL);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, REGISTER, NULL), LW_COAP_BAD_REQUEST);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, REGISTER, "<"), LW_COAP_BAD_REQUEST);
    assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=2.0"), LW_COAP_PRECONDITION_FAILED);
    assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=0.9"), LW_COAP_PRECONDITION_FAILED);
    assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=1"), LW_COAP_BAD_REQUEST);
    assert_int_equal(rig_event_last(r)->code, LW_COAP_BAD_REQUEST);
    assert_bytes(rig_event_last(r)->endpoint, "a");
    assert_non_null(rig_event_last(r)->why);
    /* VER-01: a newer minor is served as the newest we know. */
    assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=1.9"), LW_COAP_CREATED);
    assert_int_equal(rig_device(r, "a").row.version, 12);
    rig_free(r);
}

LW_TEST(edge_02_queue_in_the_binding_is_of_1_0_and_tcp_is_not)
{
    rig *r = strict_rig();
    char a[32];
    char b[32];
    assert_int_equal(post(r, "/rd?ep=a&lt=9&lwm2m=1.1&b=UQ"), LW_COAP_BAD_REQUEST);
    assert_int_equal(post(r, "/rd?ep=a&lt=9&lwm2m=1.0&b=UT"), LW_COAP_BAD_REQUEST);
    rig_register(r, 4000, "/rd?ep=a&lt=9&lwm2m=1.0&b=UQ", RIG_LINKS, a);
    rig_register(r, 4001, "/rd?ep=b&lt=9&lwm2m=1.1&b=UT&Q", RIG_LINKS, b);
    assert_true(rig_device(r, "a").row.queue_mode);
    assert_true(rig_device(r, "b").row.queue_mode);
    char target[48];
    sprintf(target, "%s?b=UT", a);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, NULL), LW_COAP_BAD_REQUEST);
    sprintf(target, "%s?b=US", a);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, NULL), LW_COAP_CHANGED);
    sprintf(target, "%s?b=UQ", b);
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, target, NULL), LW_COAP_BAD_REQUEST);
    sprintf(target, "%s?b=U", b);
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, target, NULL), LW_COAP_CHANGED);
    assert_int_equal(rig_device(r, "b").row.bindings, LW_BINDING_U);
    rig_free(r);
}

LW_TEST(REG_61_both_are_tolerated_unless_we_are_strict)
{
    rig *r = rig_new(NULL);
    assert_int_equal(post(r, "/rd?ep=a&lt=9&lwm2m=1.1&b=UQ"), LW_COAP_CREATED);
    assert_true(rig_device(r, "a").row.queue_mode);
    assert_int_equal(post(r, "/rd?ep=b&lt=9&lwm2m=1.0&b=UT"), LW_COAP_CREATED);
    assert_int_equal(rig_device(r, "b").row.bindings, LW_BINDING_U | LW_BINDING_T);
    rig_free(r);
}

LW_TEST(edge_03_without_a_name_only_an_identity_could_tell_who_it_is)
{
    rig *r = rig_new(NULL);
    assert_int_equal(post(r, "/rd?lt=300&lwm2m=1.1"), LW_COAP_BAD_REQUEST);
    assert_int_equal(lw_server_get_stats(r->server).devices, 0);
    rig_free(r);
}

LW_TEST(an_endpoint_that_is_not_admitted_gets_4_03)
{
    rig *r = rig_new(NULL);
    r->refuse_all = true;
    assert_int_equal(post(r, REGISTER), LW_COAP_FORBIDDEN);
    assert_string_equal(rig_told(r), "REFUSED");
    rig_free(r);
}

LW_TEST(edge_04_a_new_register_replaces_and_the_events_come_in_order)
{
    rig *r = rig_new(NULL);
    char old[32];
    char new[32];
    rig_register(r, 4000, REGISTER, RIG_LINKS, old);
    (void)rig_told(r);
    rig_register(r, 4001, REGISTER, "</3/0>", new);
    assert_string_not_equal(old, new);
    assert_int_equal(r->events[0].event.kind, LW_SERVER_DEREGISTERED);
    assert_true(r->events[0].event.replaced);
    assert_int_equal(r->events[1].event.kind, LW_SERVER_REGISTERED);
    assert_int_equal(r->event_count, 2);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, old, NULL), LW_COAP_NOT_FOUND);
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, new, NULL), LW_COAP_CHANGED);
    assert_int_equal(rig_device(r, "urn:dev1").row.hop.peer.port, 4001);
    assert_int_equal(lw_server_get_stats(r->server).registered, 1);
    rig_free(r);
}

LW_TEST(edge_04_an_address_that_became_another_devices_stays_its)
{
    rig *r = rig_new(NULL);
    char a[32];
    char b[32];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1", RIG_LINKS, a);
    rig_register(r, 4000, "/rd?ep=b&lt=300&lwm2m=1.1", RIG_LINKS, b);
    assert_int_equal(rig_request(r, 4000, LW_COAP_DELETE, a, NULL), LW_COAP_DELETED);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, b, NULL), LW_COAP_CHANGED);
    assert_int_equal(rig_device(r, "b").state, LW_DEVICE_ONLINE);
    assert_int_equal(rig_device(r, "a").state, LW_DEVICE_OFFLINE);
    rig_free(r);
}

static size_t sent_when_registered;

static void note_registered(void *ctx, const lw_server_event *event)
{
    rig *r = ctx;
    if (event->kind == LW_SERVER_REGISTERED) {
        sent_when_registered = r->sent_count;
    }
    rig_on_event(ctx, event);
}

LW_TEST(edge_06_registered_is_told_when_the_answer_is_on_its_way)
{
    rig *r = rig_new(NULL);
    r->host.on_event = note_registered;
    sent_when_registered = 0;
    assert_int_equal(post(r, REGISTER), LW_COAP_CREATED);
    assert_int_equal(sent_when_registered, 1);
    rig_free(r);
}

LW_TEST(edge_08_what_comes_in_at_another_endpoint_of_ours_is_refused)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, REGISTER, RIG_LINKS, location);
    (void)rig_told(r);
    lw_hop other = rig_hop(4000);
    other.socket = 1;
    const uint8_t methods[] = {LW_COAP_POST, LW_COAP_DELETE};
    for (size_t i = 0; i < 2; i++) {
        rig_message m = {.type = LW_COAP_CON, .code = methods[i], .target = location};
        uint16_t mid = rig_message_from(r, &other, &m);
        assert_int_equal(rig_answer(r, mid)->msg.code, LW_COAP_NOT_FOUND);
    }
    rig_message send = {.type = LW_COAP_CON, .code = LW_COAP_POST, .target = "/dp", .format = 113};
    assert_int_equal(rig_answer(r, rig_message_from(r, &other, &send))->msg.code,
                     LW_COAP_NOT_FOUND);
    rig_message notification = {.type = LW_COAP_CON, .code = LW_COAP_CONTENT, .token = "x"};
    rig_message_from(r, &other, &notification);
    assert_int_equal(rig_last(r)->msg.type, LW_COAP_RST);
    assert_int_equal(rig_device(r, "urn:dev1").row.hop.socket, 0);
    assert_int_equal(rig_device(r, "urn:dev1").state, LW_DEVICE_ONLINE);
    assert_string_equal(rig_told(r), "REFUSED");
    rig_free(r);
}

LW_TEST(edge_09_from_a_new_address_only_an_update_is_believed)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, REGISTER, RIG_LINKS, location);
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, "/dp", "x"), LW_COAP_NOT_FOUND);
    assert_int_equal(rig_device(r, "urn:dev1").row.hop.peer.port, 4000);
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_int_equal(rig_device(r, "urn:dev1").row.hop.peer.port, 4001);
    assert_true(lw_fake_log_has(&r->log, "urn:dev1: address changed")); /* REG-45 */
    rig_free(r);
}

LW_TEST(P_REG_05_a_strict_server_asks_for_a_register_from_a_new_address)
{
    rig *r = strict_rig();
    char location[32];
    rig_register(r, 4000, REGISTER, RIG_LINKS, location);
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, location, NULL), LW_COAP_NOT_FOUND);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    rig_free(r);
}

static void no_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 7, len);
}

LW_TEST(a_host_without_randomness_registers_one_device_and_no_two_alike)
{
    rig *r = rig_new(NULL);
    r->host.random = no_random;
    assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=1.1"), LW_COAP_CREATED);
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, "/rd?ep=b&lt=300&lwm2m=1.1", RIG_LINKS),
                     LW_COAP_INTERNAL_SERVER_ERROR);
    assert_int_equal(rig_device(r, "a").state, LW_DEVICE_ONLINE);
    assert_int_equal(rig_device(r, "b").state, LW_DEVICE_OFFLINE);
    rig_free(r);
}

LW_TEST(an_update_changes_what_it_names_and_nothing_else)
{
    rig *r = rig_new(NULL);
    char location[32];
    char target[64];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1&b=UT&Q&sms=123&x=1&y", RIG_LINKS, location);
    r->now += 7000;
    sprintf(target, "%s?lt=60", location);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, NULL), LW_COAP_CHANGED);
    lw_server_device d = rig_device(r, "a");
    assert_int_equal(d.row.lifetime, 60);
    assert_true(d.row.queue_mode);
    assert_int_equal(d.row.bindings, LW_BINDING_U | LW_BINDING_T);
    assert_bytes(d.row.sms, "123");
    assert_bytes(d.row.unknown, "x=1&y"); /* REG-03 */
    assert_bytes(d.row.links, RIG_LINKS);
    assert_int_equal(d.row.registered_at, RIG_WALL);
    assert_int_equal(d.row.updated_at, RIG_WALL + 7000);
    assert_int_equal(d.row.expires_at, RIG_WALL + 67000);
    sprintf(target, "%s?sms=99", location);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, "</3/0>,</5>"), LW_COAP_CHANGED);
    d = rig_device(r, "a");
    assert_bytes(d.row.sms, "99");
    assert_bytes(d.row.unknown, "x=1&y");
    assert_bytes(d.row.links, "</3/0>,</5>");
    rig_free(r);
}

LW_TEST(REG_36_an_update_names_the_same_endpoint_or_is_refused)
{
    rig *r = rig_new(NULL);
    char location[32];
    char target[64];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1", RIG_LINKS, location);
    sprintf(target, "%s?ep=a&lwm2m=1.1", location);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, NULL), LW_COAP_CHANGED);
    sprintf(target, "%s?ep=b", location);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, NULL), LW_COAP_BAD_REQUEST);
    sprintf(target, "%s?lwm2m=1.0", location);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, NULL), LW_COAP_BAD_REQUEST);
    rig_free(r);
}

LW_TEST(REG_32_unknown_locations_get_4_04)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, REGISTER, RIG_LINKS, location);
    assert_int_equal(post(r, "/rd/AAAAAAAAAAAA"), LW_COAP_NOT_FOUND);
    assert_int_equal(post(r, "/rd/1"), LW_COAP_NOT_FOUND);
    assert_int_equal(rig_request(r, 4000, LW_COAP_DELETE, "/rd/1", NULL), LW_COAP_NOT_FOUND);
    assert_int_equal(rig_request(r, 4000, LW_COAP_GET, "/rd", NULL), LW_COAP_METHOD_NOT_ALLOWED);
    assert_int_equal(rig_request(r, 4000, LW_COAP_GET, "/x", NULL), LW_COAP_NOT_FOUND);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, "/bs?ep=a", NULL), LW_COAP_NOT_FOUND);
    rig_free(r);
}

LW_TEST(SRV_02_locations_carry_the_shard_and_64_random_bits)
{
    rig *r = rig_new(NULL);
    char a[32];
    char b[32];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1", RIG_LINKS, a);
    rig_register(r, 4001, "/rd?ep=b&lt=300&lwm2m=1.1", RIG_LINKS, b);
    assert_memory_equal(a, "/rd/A", 5); /* the upper six bits of shard 3 */
    assert_memory_equal(b, "/rd/A", 5);
    assert_string_not_equal(a, b);
    rig_free(r);
}

LW_TEST(REG_41_a_registration_ends_when_its_lifetime_and_the_grace_are_over)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, REGISTER, RIG_LINKS, location);
    (void)rig_told(r);
    rig_pass(r, 200000);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    rig_pass(r, (300 + 247) * 1000 - 1000);
    assert_string_equal(rig_told(r), "UPDATED");
    rig_pass(r, 1200);
    assert_string_equal(rig_told(r), "EXPIRED");
    assert_int_equal(rig_device(r, "urn:dev1").state, LW_DEVICE_OFFLINE);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_NOT_FOUND);
    assert_int_equal(lw_server_get_stats(r->server).expired, 1);
    rig_free(r);
}

LW_TEST(without_grace_a_registration_ends_with_its_lifetime)
{
    lw_server_cfg cfg = {.limits.expiry_grace = LW_LIMIT_NONE};
    rig *r = rig_new(&cfg);
    assert_int_equal(post(r, REGISTER), LW_COAP_CREATED);
    rig_pass(r, 299900);
    assert_string_equal(rig_told(r), "REGISTERED");
    rig_pass(r, 300);
    assert_string_equal(rig_told(r), "EXPIRED");
    rig_free(r);
}

LW_TEST(P_REG_11_a_lifetime_of_0_is_for_ever)
{
    rig *r = rig_new(NULL);
    assert_int_equal(post(r, "/rd?ep=a&lt=0&lwm2m=1.2"), LW_COAP_CREATED);
    rig_pass(r, INT64_C(1000) * 3600 * 24 * 365);
    assert_string_equal(rig_told(r), "REGISTERED");
    assert_int_equal(rig_device(r, "a").row.expires_at, LW_TIME_NEVER);
    rig_free(r);
}

LW_TEST(a_retransmitted_register_is_answered_again_and_registers_once)
{
    rig *r = rig_new(NULL);
    lw_hop hop = rig_hop(4000);
    rig_message m = {.type = LW_COAP_CON,
                     .code = LW_COAP_POST,
                     .mid = 7,
                     .target = REGISTER,
                     .format = 41,
                     .payload = LW_BYTES_LIT(RIG_LINKS)};
    rig_message_from(r, &hop, &m);
    rig_message_from(r, &hop, &m);
    assert_int_equal(r->sent_count, 2);
    assert_int_equal(r->sent[0].len, r->sent[1].len);
    assert_memory_equal(r->sent[0].octets, r->sent[1].octets, r->sent[0].len);
    assert_string_equal(rig_told(r), "REGISTERED");
    rig_free(r);
}

LW_TEST(TRN_07_an_object_list_may_come_in_blocks)
{
    rig *r = rig_new(NULL);
    lw_hop hop = rig_hop(4000);
    static const char list[] = "</1/0>,</3/0>,</4/0>,</5/0>,</3303/0>,</3303/1>";
    uint16_t mid = 0;
    for (uint32_t i = 0; i * 16 < sizeof list - 1; i++) {
        size_t rest = sizeof list - 1 - i * 16;
        rig_message m = {.type = LW_COAP_CON,
                         .code = LW_COAP_POST,
                         .token = "b",
                         .target = REGISTER,
                         .format = 41,
                         .block1 = (i << 4 | (rest > 16 ? 8u : 0u)) + 1,
                         .payload = lw_bytes_of(list + i * 16, rest > 16 ? 16 : rest)};
        mid = rig_message_from(r, &hop, &m);
        assert_int_equal(rig_answer(r, mid)->msg.code,
                         rest > 16 ? LW_COAP_CONTINUE : LW_COAP_CREATED);
    }
    lw_server_device d = rig_device(r, "urn:dev1");
    assert_int_equal(d.row.links.len, sizeof list - 1);
    rig_free(r);
}

LW_TEST(VER_30_an_alternate_path_and_formats_are_kept)
{
    rig *r = rig_new(NULL);
    assert_int_equal(
        rig_request(r, 4000, LW_COAP_POST, REGISTER,
                    "</lwm2m>;rt=\"oma.lwm2m\";ct=\"110 112\",</lwm2m/1/0>,</lwm2m/55>;ver=1.9"),
        LW_COAP_CREATED);
    lw_server_device d = rig_device(r, "urn:dev1");
    assert_bytes(d.alternate_path, "lwm2m");
    assert_bytes(d.formats, "110 112");
    size_t cursor = 0;
    lw_path path;
    uint8_t major;
    uint8_t minor;
    assert_true(lw_server_next_object(&d, &cursor, &path, &major, &minor));
    assert_true(lw_path_equal(path, lw_path_instance(1, 0)));
    assert_int_equal(major * 10 + minor, 11); /* implied by 1.1 */
    assert_true(lw_server_next_object(&d, &cursor, &path, &major, &minor));
    assert_true(lw_path_equal(path, lw_path_object(55)));
    assert_int_equal(major * 10 + minor, 19);
    assert_false(lw_server_next_object(&d, &cursor, &path, &major, &minor));
    rig_free(r);
}

LW_TEST(REG_50_profiles_stand_for_lists_that_were_set)
{
    rig *r = rig_new(NULL);
    static const char by_profile[] = "/rd?ep=a&lt=300&lwm2m=1.2&pid=6:27354b9a";
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, by_profile, NULL), LW_COAP_CONFLICT);
    /* The mapping of ets 110. */
    assert_ok(lw_server_set_profile(r->server, lw_bytes_str("6:27354b9a"),
                                    lw_bytes_str("</1/0>,</3/0>")));
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, by_profile, NULL), LW_COAP_CREATED);
    lw_server_device d = rig_device(r, "a");
    assert_bytes(d.row.links, "</1/0>,</3/0>");
    assert_bytes(d.row.profiles, "6:27354b9a");
    /* REG-53: and what the payload lists besides. */
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, by_profile, "</5/0>"), LW_COAP_CREATED);
    assert_bytes(rig_device(r, "a").row.links, "</1/0>,</3/0>,</5/0>");
    assert_err(lw_server_set_profile(r->server, lw_bytes_str("x"), lw_bytes_str("</3/0>")),
               LW_EINVAL);
    assert_err(lw_server_set_profile(r->server, lw_bytes_str("v:x"), lw_bytes_str("<")), LW_EINVAL);
    rig_free(r);
}

LW_TEST(REG_53_two_profiles_are_their_lists_together)
{
    rig *r = rig_new(NULL);
    assert_ok(lw_server_set_profile(r->server, lw_bytes_str("v:one"), lw_bytes_str("</1/0>")));
    assert_ok(lw_server_set_profile(r->server, lw_bytes_str("v:two"), lw_bytes_str("</3/0>")));
    assert_int_equal(
        rig_request(r, 4000, LW_COAP_POST, "/rd?ep=a&lt=300&lwm2m=1.2&pid=\"v:one,v:two\"", NULL),
        LW_COAP_CREATED);
    assert_bytes(rig_device(r, "a").row.links, "</1/0>,</3/0>");
    rig_free(r);
}

LW_TEST(REG_55_a_list_that_follows_4_09_is_learned)
{
    rig *r = rig_new(NULL);
    static const char a[] = "/rd?ep=a&lt=300&lwm2m=1.2&pid=v:p";
    static const char b[] = "/rd?ep=b&lt=300&lwm2m=1.2&pid=v:p";
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, a, NULL), LW_COAP_CONFLICT);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, a, RIG_LINKS), LW_COAP_CREATED);
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, b, NULL), LW_COAP_CREATED);
    assert_bytes(rig_device(r, "b").row.links, RIG_LINKS);
    rig_free(r);
}

LW_TEST(REG_53_a_1_2_device_without_list_and_profile_is_asked_for_one)
{
    rig *r = rig_new(NULL);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, "/rd?ep=a&lt=300&lwm2m=1.2", NULL),
                     LW_COAP_CONFLICT);
    rig_free(r);
}

LW_TEST(an_update_with_an_unknown_profile_makes_the_device_register_anew)
{
    rig *r = rig_new(NULL);
    char location[32];
    char target[64];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.2", RIG_LINKS, location);
    sprintf(target, "%s?pid=v:q", location);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, NULL), LW_COAP_BAD_REQUEST);
    assert_bytes(rig_device(r, "a").row.links, RIG_LINKS);
    rig_free(r);
}

LW_TEST(P_REG_01_unknown_parameters_are_refused_when_we_are_strict)
{
    rig *r = strict_rig();
    assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=1.1&vendor=1"), LW_COAP_BAD_REQUEST);
    rig_free(r);
}

LW_TEST(devices_that_send_the_same_list_share_it)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1", RIG_LINKS, location);
    rig_register(r, 4001, "/rd?ep=b&lt=300&lwm2m=1.1", RIG_LINKS, location);
    assert_ptr_equal(rig_device(r, "a").row.links.ptr, rig_device(r, "b").row.links.ptr);
    rig_free(r);
}

LW_TEST(too_many_links_are_too_many)
{
    lw_server_cfg cfg = {.limits.links = 2};
    rig *r = rig_new(&cfg);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, REGISTER, "</1/0>,</3/0>,</5>"),
                     LW_COAP_REQUEST_ENTITY_TOO_LARGE);
    assert_int_equal(lw_server_get_stats(r->server).devices, 0);
    rig_free(r);
}

LW_TEST(above_the_ceiling_of_devices_new_ones_get_5_03_and_known_ones_still_register)
{
    lw_server_cfg cfg = {.limits.devices = 1};
    rig *r = rig_new(&cfg);
    assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=1.1"), LW_COAP_CREATED);
    assert_int_equal(post(r, "/rd?ep=b&lt=300&lwm2m=1.1"), LW_COAP_SERVICE_UNAVAILABLE);
    assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=1.1"), LW_COAP_CREATED);
    rig_free(r);
}

LW_TEST(whichever_allocation_fails_nothing_is_half_registered)
{
    for (size_t n = 1; n < 40; n++) {
        rig *r = rig_new(NULL);
        r->heap.fail_at = r->heap.count + n;
        uint8_t code = post(r, "/rd?ep=a&lt=300&lwm2m=1.1&sms=1");
        r->heap.fail_at = 0;
        lw_server_stats stats = lw_server_get_stats(r->server);
        if (stats.registered == 1) {
            assert_int_equal(rig_device(r, "a").state, LW_DEVICE_ONLINE);
        } else {
            assert_true(code == LW_COAP_EMPTY || code == LW_COAP_SERVICE_UNAVAILABLE);
            assert_int_equal(stats.devices, 0);
        }
        assert_int_equal(post(r, "/rd?ep=a&lt=300&lwm2m=1.1&sms=1"), LW_COAP_CREATED);
        rig_free(r);
    }
}

LW_TEST(whichever_allocation_fails_an_update_is_applied_or_not_at_all)
{
    for (size_t n = 1; n < 8; n++) {
        rig *r = rig_new(NULL);
        char location[32];
        char target[64];
        rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1&x=1", RIG_LINKS, location);
        sprintf(target, "%s?sms=2&lt=60", location);
        r->heap.fail_at = r->heap.count + n;
        uint8_t code = rig_request(r, 4000, LW_COAP_POST, target, "</3/0>,</5/0>");
        r->heap.fail_at = 0;
        lw_server_device d = rig_device(r, "a");
        bool is_new = d.row.lifetime == 60;
        assert_true(is_new || code == LW_COAP_EMPTY || code == LW_COAP_SERVICE_UNAVAILABLE);
        assert_int_equal(d.row.sms.len, is_new ? 1 : 0);
        assert_int_equal(d.row.unknown.len, 3);
        assert_int_equal(d.row.links.ptr[2], is_new ? '3' : '1');
        rig_free(r);
    }
}

LW_TEST(lists_of_profiles_that_are_too_long_together_are_refused)
{
    lw_server_cfg cfg = {.limits.links = 2};
    rig *r = rig_new(&cfg);
    char location[32];
    char target[64];
    assert_ok(lw_server_set_profile(r->server, lw_bytes_str("v:p"), lw_bytes_str("</1/0>,</3/0>")));
    assert_int_equal(
        rig_request(r, 4000, LW_COAP_POST, "/rd?ep=a&lt=300&lwm2m=1.2&pid=v:p", "</5>"),
        LW_COAP_REQUEST_ENTITY_TOO_LARGE);
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.2", RIG_LINKS, location);
    sprintf(target, "%s?pid=v:p", location);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, "</5>"),
                     LW_COAP_REQUEST_ENTITY_TOO_LARGE);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, NULL), LW_COAP_CHANGED);
    assert_bytes(rig_device(r, "a").row.profiles, "v:p");
    rig_free(r);
}

LW_TEST(profiles_have_a_ceiling)
{
    rig *r = rig_new(NULL);
    lw_bytes list = lw_bytes_str("</3/0>");
    char id[16];
    for (unsigned i = 0; i < 1024; i++) {
        sprintf(id, "v:%u", i);
        assert_ok(lw_server_set_profile(r->server, lw_bytes_str(id), list));
    }
    assert_err(lw_server_set_profile(r->server, lw_bytes_str("v:x"), list), LW_ENOMEM);
    assert_ok(lw_server_set_profile(r->server, lw_bytes_str("v:7"), list)); /* replaces */
    static const char a[] = "/rd?ep=a&lt=300&lwm2m=1.2&pid=v:y";
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, a, NULL), LW_COAP_CONFLICT);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, a, RIG_LINKS), LW_COAP_CREATED);
    assert_true(lw_fake_log_has(&r->log, "no room for another profile id"));
    rig_free(r);
}

/* ---- The store --------------------------------------------------------------------------------
 */

LW_TEST(a_register_puts_its_row_at_once_and_a_plain_update_within_10_s)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, REGISTER, RIG_LINKS, location);
    assert_int_equal(rig_rows(r, LW_ROW_DEVICE), 1);
    assert_int_equal(r->rows[0].haste, LW_LAZY);
    assert_true(r->rows[0].row.as.device.is_registered);
    for (unsigned i = 0; i < 5; i++) {
        rig_pass(r, 1000);
        assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    }
    assert_int_equal(rig_rows(r, LW_ROW_DEVICE), 1);
    rig_pass(r, 10000);
    assert_int_equal(rig_rows(r, LW_ROW_DEVICE), 2);
    assert_int_equal(r->rows[1].row.as.device.updated_at, RIG_WALL + 5000);
    rig_pass(r, 100000);
    assert_int_equal(rig_rows(r, LW_ROW_DEVICE), 2);
    rig_free(r);
}

LW_TEST(a_row_that_the_store_refused_is_put_again)
{
    rig *r = rig_new(NULL);
    r->put_answer = LW_EIO;
    assert_int_equal(post(r, REGISTER), LW_COAP_CREATED);
    rig_pass(r, 3000);
    r->put_answer = LW_OK;
    rig_pass(r, 1200);
    assert_int_equal(rig_rows(r, LW_ROW_DEVICE), 1);
    rig_free(r);
}

LW_TEST(after_a_restart_devices_are_registered_for_what_was_left)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1&b=U&sms=1&z=2", RIG_LINKS, location);
    lw_row row = rig_row_of(r, LW_ROW_DEVICE)->row;
    lw_server_device before = rig_device(r, "a");
    assert_int_equal(before.row.number, (INT64_C(3) << 56) + 1);
    rig_restart(r, 100000);
    assert_ok(lw_server_load(r->server, &row));
    lw_server_device d = rig_device(r, "a");
    assert_int_equal(d.state, LW_DEVICE_ONLINE);
    assert_int_equal(d.row.number, (INT64_C(3) << 56) + 1);
    assert_bytes(d.row.sms, "1");
    assert_bytes(d.row.unknown, "z=2");
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    rig_free(r);

    r = rig_new(NULL);
    rig_register(r, 4000, REGISTER, RIG_LINKS, location);
    row = rig_row_of(r, LW_ROW_DEVICE)->row;
    rig_restart(r, 100000);
    assert_ok(lw_server_load(r->server, &row));
    rig_pass(r, (200 + 247) * 1000);
    assert_string_equal(rig_told(r), "");
    rig_pass(r, 10200); /* what the row may be behind */
    assert_string_equal(rig_told(r), "EXPIRED");
    rig_free(r);
}

LW_TEST(a_device_whose_registration_had_ended_is_known_and_offline)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, REGISTER, RIG_LINKS, location);
    assert_int_equal(rig_request(r, 4000, LW_COAP_DELETE, location, NULL), LW_COAP_DELETED);
    lw_row row = rig_row_of(r, LW_ROW_DEVICE)->row;
    assert_false(row.as.device.is_registered);
    rig_restart(r, 100000);
    assert_ok(lw_server_load(r->server, &row));
    assert_int_equal(rig_device(r, "urn:dev1").state, LW_DEVICE_OFFLINE);
    assert_bytes(rig_device(r, "urn:dev1").row.links, RIG_LINKS);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_NOT_FOUND);
    rig_free(r);
}

LW_TEST(rows_that_make_no_sense_are_left_out)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, REGISTER, RIG_LINKS, location);
    const lw_row good = rig_row_of(r, LW_ROW_DEVICE)->row;
    rig_restart(r, 0);
    lw_row row = good;
    row.as.device.location = lw_bytes_str("AAAAAAAAAAAA"); /* of shard 0 */
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.device.links = lw_bytes_str("<");
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.device.links = lw_bytes_str("");
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.device.number = 1; /* of shard 0 */
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.device.version = 13;
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.device.endpoint = lw_bytes_str("");
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = (lw_row){.kind = LW_ROW_MODEL};
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    assert_ok(lw_server_load(r->server, &good));
    assert_err(lw_server_load(r->server, &good), LW_EEXISTS);
    assert_int_equal(lw_server_get_stats(r->server).devices, 1);
    rig_free(r);
}

LW_TEST(a_clock_that_jumps_moves_no_deadline)
{
    rig *r = rig_new(NULL);
    assert_int_equal(post(r, REGISTER), LW_COAP_CREATED);
    lw_server_set_clock(r->server, r->now, RIG_WALL + INT64_C(1000000000));
    rig_pass(r, 500000);
    assert_int_equal(rig_device(r, "urn:dev1").state, LW_DEVICE_ONLINE);
    lw_server_set_clock(r->server, r->now, 0);
    rig_pass(r, 50000);
    assert_string_equal(rig_told(r), "REGISTERED EXPIRED");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_register_of_the_specification_octet_by_octet),
        cmocka_unit_test(REG_02_what_a_register_must_say),
        cmocka_unit_test(a_refusal_tells_who_asked),
        cmocka_unit_test(P_REG_03_a_missing_lifetime_is_a_day_unless_we_are_strict),
        cmocka_unit_test(edge_01_no_links_are_refused_and_so_is_another_major_version),
        cmocka_unit_test(edge_02_queue_in_the_binding_is_of_1_0_and_tcp_is_not),
        cmocka_unit_test(REG_61_both_are_tolerated_unless_we_are_strict),
        cmocka_unit_test(edge_03_without_a_name_only_an_identity_could_tell_who_it_is),
        cmocka_unit_test(an_endpoint_that_is_not_admitted_gets_4_03),
        cmocka_unit_test(edge_04_a_new_register_replaces_and_the_events_come_in_order),
        cmocka_unit_test(edge_04_an_address_that_became_another_devices_stays_its),
        cmocka_unit_test(edge_06_registered_is_told_when_the_answer_is_on_its_way),
        cmocka_unit_test(edge_08_what_comes_in_at_another_endpoint_of_ours_is_refused),
        cmocka_unit_test(edge_09_from_a_new_address_only_an_update_is_believed),
        cmocka_unit_test(P_REG_05_a_strict_server_asks_for_a_register_from_a_new_address),
        cmocka_unit_test(a_host_without_randomness_registers_one_device_and_no_two_alike),
        cmocka_unit_test(an_update_changes_what_it_names_and_nothing_else),
        cmocka_unit_test(REG_36_an_update_names_the_same_endpoint_or_is_refused),
        cmocka_unit_test(REG_32_unknown_locations_get_4_04),
        cmocka_unit_test(SRV_02_locations_carry_the_shard_and_64_random_bits),
        cmocka_unit_test(REG_41_a_registration_ends_when_its_lifetime_and_the_grace_are_over),
        cmocka_unit_test(without_grace_a_registration_ends_with_its_lifetime),
        cmocka_unit_test(P_REG_11_a_lifetime_of_0_is_for_ever),
        cmocka_unit_test(a_retransmitted_register_is_answered_again_and_registers_once),
        cmocka_unit_test(TRN_07_an_object_list_may_come_in_blocks),
        cmocka_unit_test(VER_30_an_alternate_path_and_formats_are_kept),
        cmocka_unit_test(REG_50_profiles_stand_for_lists_that_were_set),
        cmocka_unit_test(REG_53_two_profiles_are_their_lists_together),
        cmocka_unit_test(REG_55_a_list_that_follows_4_09_is_learned),
        cmocka_unit_test(REG_53_a_1_2_device_without_list_and_profile_is_asked_for_one),
        cmocka_unit_test(an_update_with_an_unknown_profile_makes_the_device_register_anew),
        cmocka_unit_test(P_REG_01_unknown_parameters_are_refused_when_we_are_strict),
        cmocka_unit_test(devices_that_send_the_same_list_share_it),
        cmocka_unit_test(too_many_links_are_too_many),
        cmocka_unit_test(
            above_the_ceiling_of_devices_new_ones_get_5_03_and_known_ones_still_register),
        cmocka_unit_test(whichever_allocation_fails_nothing_is_half_registered),
        cmocka_unit_test(whichever_allocation_fails_an_update_is_applied_or_not_at_all),
        cmocka_unit_test(lists_of_profiles_that_are_too_long_together_are_refused),
        cmocka_unit_test(profiles_have_a_ceiling),
        cmocka_unit_test(a_device_whose_registration_had_ended_is_known_and_offline),
        cmocka_unit_test(a_register_puts_its_row_at_once_and_a_plain_update_within_10_s),
        cmocka_unit_test(a_row_that_the_store_refused_is_put_again),
        cmocka_unit_test(after_a_restart_devices_are_registered_for_what_was_left),
        cmocka_unit_test(rows_that_make_no_sense_are_left_out),
        cmocka_unit_test(a_clock_that_jumps_moves_no_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
