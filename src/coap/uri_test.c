#include "testing/lw_test.h"

#include <stdlib.h>
#include <string.h>

#include "coap/uri.h"
#include "testing/coap_vectors.h"
#include "testing/vectors.h"

static const char *const host_kinds[] = {"name", "ipv4", "ipv6"};

static void check_parts(lw_vectors *v, const lw_uri *uri)
{
    if (strcmp(lw_uri_scheme_name(uri->scheme), lw_vectors_str(v, "scheme")) != 0) {
        lw_vectors_fail(v, "scheme %s", lw_uri_scheme_name(uri->scheme));
    }
    if (uri->port != lw_vectors_int(v, "port")) {
        lw_vectors_fail(v, "port %u", uri->port);
    }
    const char *kind = host_kinds[uri->host_kind];
    const char *host = lw_vectors_str(v, "host");
    if (strncmp(host, kind, 4) != 0 || !lw_bytes_is(uri->host, host + 5)) {
        lw_vectors_fail(v, "host %s %.*s", kind, (int)uri->host.len, (const char *)uri->host.ptr);
    }
}

static void check_options(lw_vectors *v, const lw_uri *uri, lw_writer *w)
{
    uint16_t destination = uri->port;
    if (lw_vectors_has(v, "destination")) {
        destination = (uint16_t)lw_vectors_int(v, "destination");
    }
    lw_coap_out out;
    lw_coap_begin_options(&out, w);
    lw_uri_put_host(&out, uri, destination);
    lw_uri_put_path(&out, uri);
    lw_uri_put_query(&out, uri);
    if (w->err != LW_OK || !lw_bytes_equal(lw_writer_bytes(w), lw_coap_vectors_options(v))) {
        lw_vectors_fail(v, "other options, %s", lw_err_name(w->err));
    }
}

/* Path and query, written again, are those of the URI unless the case says otherwise. */
static void check_text(lw_vectors *v, const lw_uri *uri, lw_bytes options)
{
    uint8_t buf[256];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_uri_write_path(&w, options, LW_COAP_OPT_URI_PATH);
    lw_uri_write_query(&w, options, LW_COAP_OPT_URI_QUERY);
    size_t query_len = uri->query.ptr != NULL ? uri->query.len + 1 : 0;
    lw_bytes want = lw_vectors_has(v, "text")
                        ? lw_vectors_text(v, "text")
                        : lw_bytes_of(uri->path.ptr, uri->path.len + query_len);
    lw_bytes got = lw_writer_bytes(&w);
    if (w.err != LW_OK || !lw_bytes_equal(got, want)) {
        lw_vectors_fail(v, "text %.*s", (int)got.len, (const char *)got.ptr);
    }
}

static void check_case(lw_vectors *v, lw_bytes text)
{
    lw_uri uri;
    lw_err err = lw_uri_parse(text, &uri);
    if (lw_vectors_has(v, "error")) {
        if (strcmp(lw_err_name(err), lw_vectors_str(v, "error")) != 0) {
            lw_vectors_fail(v, "parsing gave %s", lw_err_name(err));
        }
        return;
    }
    if (err != LW_OK) {
        lw_vectors_fail(v, "parsing gave %s", lw_err_name(err));
        return;
    }
    uint8_t buf[256];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    check_parts(v, &uri);
    check_options(v, &uri, &w);
    check_text(v, &uri, lw_writer_bytes(&w));
}

/* In memory of its exact size: only reads are checked, any outcome is right. */
static void disturb(lw_bytes text)
{
    for (size_t len = 0; len < text.len; len++) {
        uint8_t *cut = malloc(len > 0 ? len : 1);
        memcpy(cut, text.ptr, len);
        assert_true(lw_uri_survives(lw_bytes_of(cut, len)));
        for (size_t i = 0; i < len; i++) {
            cut[i] ^= 0x0f;
            assert_true(lw_uri_survives(lw_bytes_of(cut, len)));
            cut[i] ^= 0x0f;
        }
        free(cut);
    }
}

LW_TEST(uris_become_options_and_text_again)
{
    lw_vectors *v = lw_vectors_open("uri.txt");
    while (lw_vectors_next(v)) {
        lw_bytes text = lw_vectors_text(v, "uri");
        check_case(v, text);
        disturb(text);
    }
    assert_true(lw_vectors_close(v));
}

LW_TEST(uri_longer_than_its_ceiling_is_refused)
{
    char text[LW_URI_TEXT_MAX + 2] = "coap://h/";
    memset(text + 9, 'a', sizeof text - 10);
    lw_uri uri;
    assert_err(lw_uri_parse(lw_bytes_of(text, LW_URI_TEXT_MAX + 1), &uri), LW_ETOOBIG);
    assert_ok(lw_uri_parse(lw_bytes_of(text, LW_URI_TEXT_MAX), &uri));
}

static lw_err put_uri(size_t segment_len, size_t host_len)
{
    char text[LW_URI_TEXT_MAX] = "coap://";
    size_t n = 7;
    memset(text + n, 'h', host_len);
    n += host_len;
    text[n++] = '/';
    memset(text + n, 'a', segment_len);
    n += segment_len;
    memcpy(text + n, "%41", 3);
    n += 3;
    lw_uri uri;
    assert_ok(lw_uri_parse(lw_bytes_of(text, n), &uri));
    uint8_t buf[1024];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin_options(&out, &w);
    lw_uri_put_host(&out, &uri, uri.port);
    lw_uri_put_path(&out, &uri);
    return w.err;
}

LW_TEST(host_and_segments_have_at_most_255_octets)
{
    assert_ok(put_uri(254, 255));
    assert_err(put_uri(255, 1), LW_ETOOBIG);
    assert_err(put_uri(1, 256), LW_ETOOBIG);
}

LW_TEST(schemes_know_their_port_and_security)
{
    assert_int_equal(lw_uri_scheme_port(LW_URI_COAPS), 5684);
    assert_int_equal(lw_uri_scheme_port(LW_URI_COAP_WS), 80);
    assert_true(lw_uri_scheme_is_secure(LW_URI_COAPS_TCP));
    assert_false(lw_uri_scheme_is_secure(LW_URI_COAP_TCP));
}

static lw_bytes put_plain_path(const char *path, uint8_t *buf, size_t cap)
{
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, cap);
    lw_coap_begin_options(&out, &w);
    lw_coap_put_path(&out, lw_bytes_str(path));
    assert_ok(w.err);
    return lw_writer_bytes(&w);
}

LW_TEST(plain_path_is_split_at_its_slashes)
{
    uint8_t buf[32];
    assert_bytes(put_plain_path("/rd/5a3f", buf, sizeof buf), "\xb2rd\x04"
                                                              "5a3f");
    assert_bytes(put_plain_path("rd", buf, sizeof buf), "\xb2rd");
    assert_bytes(put_plain_path("/a/%41/", buf, sizeof buf), "\xb1"
                                                             "a\x03%41\x00");
    assert_int_equal(put_plain_path("/", buf, sizeof buf).len, 0);
    assert_int_equal(put_plain_path("", buf, sizeof buf).len, 0);
}

LW_TEST(location_of_a_registration_becomes_text)
{
    lw_bytes options = LW_BYTES_LIT("\x82rd\x04"
                                    "5a/f\xc1"
                                    "a");
    uint8_t buf[32];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_uri_write_path(&w, options, LW_COAP_OPT_LOCATION_PATH);
    lw_uri_write_query(&w, options, LW_COAP_OPT_LOCATION_QUERY);
    assert_bytes(lw_writer_bytes(&w), "/rd/5a%2Ff?a");
}

LW_TEST(arguments_are_given_one_by_one)
{
    lw_uri uri;
    lw_bytes part;
    assert_ok(lw_uri_parse(lw_bytes_str("coap://h?ep=a%26b&lt=60"), &uri));
    lw_uri_iter it = lw_uri_arguments(uri.query);
    assert_true(lw_uri_next(&it, &part));
    assert_bytes(part, "ep=a%26b");
    uint8_t buf[16];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_uri_decode(&w, part);
    assert_bytes(lw_writer_bytes(&w), "ep=a&b");
    assert_true(lw_uri_next(&it, &part));
    assert_bytes(part, "lt=60");
    assert_false(lw_uri_next(&it, &part));
    it = lw_uri_segments(uri.path);
    assert_false(lw_uri_next(&it, &part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris_become_options_and_text_again),
        cmocka_unit_test(uri_longer_than_its_ceiling_is_refused),
        cmocka_unit_test(host_and_segments_have_at_most_255_octets),
        cmocka_unit_test(schemes_know_their_port_and_security),
        cmocka_unit_test(plain_path_is_split_at_its_slashes),
        cmocka_unit_test(location_of_a_registration_becomes_text),
        cmocka_unit_test(arguments_are_given_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
