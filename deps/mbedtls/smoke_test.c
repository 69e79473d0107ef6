/* Proves that the Mbed TLS in build/deps/mbedtls is the one we need: DTLS handshakes in memory, no
 * socket, with pre-shared and with raw public keys, connection ids both ways, a session that is
 * parked and taken up again; and that raw keys nobody vouches for are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>

#define RAW_BOTH (MBEDTLS_SSL_RPK_PEER | MBEDTLS_SSL_RPK_OWN | MBEDTLS_SSL_RPK_ONLY)

/* ---- Datagrams in memory ---- */

enum { WIRE_LEN = 16, DATAGRAM_MAX = 2200 };

typedef struct wire {
    uint8_t datagram[WIRE_LEN][DATAGRAM_MAX];
    size_t len[WIRE_LEN];
    unsigned first, next;
} wire;

/* One end: what it sends goes to `out`, what it receives comes from `in`. */
typedef struct end {
    wire *in, *out;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
    mbedtls_pk_context key;
    mbedtls_x509_crt cert;   /* holds the public key alone */
    const struct end *knows; /* the end whose raw key is accepted; NULL: none */
} end;

typedef struct world {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context rng;
    mbedtls_ssl_cookie_ctx cookies;
    wire up, down;
    end client, server;
} world;

static int wire_send(void *ctx, const unsigned char *buf, size_t len)
{
    wire *out = ((end *)ctx)->out;
    if (out->next - out->first >= WIRE_LEN || len > DATAGRAM_MAX) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    unsigned slot = out->next++ % WIRE_LEN;
    memcpy(out->datagram[slot], buf, len);
    out->len[slot] = len;
    return (int)len;
}

static int wire_receive(void *ctx, unsigned char *buf, size_t len)
{
    wire *in = ((end *)ctx)->in;
    if (in->first == in->next) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    unsigned slot = in->first++ % WIRE_LEN;
    size_t taken = in->len[slot] < len ? in->len[slot] : len;
    memcpy(buf, in->datagram[slot], taken);
    return (int)taken;
}

/* Nothing is lost on the wire, so no timer ever fires. */
static void set_timer(void *ctx, uint32_t intermediate_ms, uint32_t final_ms)
{
    (void)ctx;
    (void)intermediate_ms;
    (void)final_ms;
}

static int get_timer(void *ctx)
{
    (void)ctx;
    return 0;
}

/* ---- The two ends ---- */

static const unsigned char psk[16] = "sixteen octets..";
static const char identity[] = "urn:dev:os:0023C7-000001";
static const unsigned char server_cid[8] = {0x5E, 1, 2, 3, 4, 5, 6, 7};
static const unsigned char transport_id[] = "192.0.2.1:5684";

static int accept_known_key(void *ctx, mbedtls_x509_crt *cert, int depth, uint32_t *flags)
{
    const end *self = ctx;
    unsigned char buf[128];
    assert_int_equal(depth, 0);
    assert_true(*flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED);
    if (self->knows == NULL) {
        return 0;
    }
    int len = mbedtls_pk_write_pubkey_der(&self->knows->key, buf, sizeof buf);
    assert_true(len > 0);
    if (cert->pk_raw.len == (size_t)len &&
        memcmp(cert->pk_raw.p, buf + sizeof buf - (size_t)len, (size_t)len) == 0) {
        *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    }
    return 0;
}

static void open_end(world *w, end *e, bool is_server, const int *suites)
{
    mbedtls_ssl_config_init(&e->conf);
    mbedtls_ssl_init(&e->ssl);
    mbedtls_pk_init(&e->key);
    mbedtls_x509_crt_init(&e->cert);
    assert_int_equal(mbedtls_ssl_config_defaults(
                         &e->conf, is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                         MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_rng(&e->conf, mbedtls_ctr_drbg_random, &w->rng);
    mbedtls_ssl_conf_ciphersuites(&e->conf, suites);
    assert_int_equal(mbedtls_ssl_conf_cid(&e->conf, is_server ? sizeof server_cid : 0,
                                          MBEDTLS_SSL_UNEXPECTED_CID_IGNORE),
                     0);
    if (is_server) {
        mbedtls_ssl_conf_dtls_cookies(&e->conf, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check,
                                      &w->cookies);
    }
}

static void use_psk(end *e)
{
    assert_int_equal(mbedtls_ssl_conf_psk(&e->conf, psk, sizeof psk, (const uint8_t *)identity,
                                          strlen(identity)),
                     0);
}

static void use_raw_key(world *w, end *e, uint8_t flags)
{
    assert_int_equal(mbedtls_pk_setup(&e->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(e->key),
                                         mbedtls_ctr_drbg_random, &w->rng),
                     0);
    e->cert.pk = e->key; /* lent: taken back before the certificate is freed */
    assert_int_equal(mbedtls_ssl_conf_own_cert(&e->conf, &e->cert, &e->key), 0);
    mbedtls_ssl_conf_authmode(&e->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_verify(&e->conf, accept_known_key, e);
    mbedtls_ssl_conf_raw_public_key(&e->conf, flags);
}

static void set_server_ids(end *server)
{
    assert_int_equal(
        mbedtls_ssl_set_client_transport_id(&server->ssl, transport_id, sizeof transport_id), 0);
    assert_int_equal(
        mbedtls_ssl_set_cid(&server->ssl, MBEDTLS_SSL_CID_ENABLED, server_cid, sizeof server_cid),
        0);
}

static void start(world *w)
{
    end *ends[] = {&w->client, &w->server};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mbedtls_ssl_setup(&ends[i]->ssl, &ends[i]->conf), 0);
        mbedtls_ssl_set_bio(&ends[i]->ssl, ends[i], wire_send, wire_receive, NULL);
        mbedtls_ssl_set_timer_cb(&ends[i]->ssl, NULL, set_timer, get_timer);
    }
    assert_int_equal(mbedtls_ssl_set_cid(&w->client.ssl, MBEDTLS_SSL_CID_ENABLED, NULL, 0), 0);
    assert_int_equal(mbedtls_ssl_set_hostname(&w->client.ssl, NULL), 0);
    set_server_ids(&w->server);
}

/* 0 when both ends are done, or the first failure of either. */
static int shake_hands(world *w)
{
    int client = MBEDTLS_ERR_SSL_WANT_READ;
    int server = MBEDTLS_ERR_SSL_WANT_READ;
    for (int round = 0; round < 20 && (client != 0 || server != 0); round++) {
        client = client != 0 ? mbedtls_ssl_handshake(&w->client.ssl) : 0;
        if (client != 0 && client != MBEDTLS_ERR_SSL_WANT_READ) {
            return client;
        }
        server = server != 0 ? mbedtls_ssl_handshake(&w->server.ssl) : 0;
        if (server == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
            assert_int_equal(mbedtls_ssl_session_reset(&w->server.ssl), 0);
            set_server_ids(&w->server);
            server = MBEDTLS_ERR_SSL_WANT_READ;
        }
        if (server != 0 && server != MBEDTLS_ERR_SSL_WANT_READ) {
            return server;
        }
    }
    return client != 0 ? client : server;
}

static void expect_text_arrives(end *from, end *to, const char *text)
{
    unsigned char got[64];
    int len = (int)strlen(text);
    assert_int_equal(mbedtls_ssl_write(&from->ssl, (const unsigned char *)text, (size_t)len), len);
    assert_int_equal(mbedtls_ssl_read(&to->ssl, got, sizeof got), len);
    assert_memory_equal(got, text, (size_t)len);
}

/* Records to the server carry its connection id: content type 25, then the id at octet 11 (RFC 9146
 * section 4, Figure 3). */
static void expect_connection_id(const world *w)
{
    const uint8_t *record = w->up.datagram[(w->up.next - 1) % WIRE_LEN];
    assert_int_equal(record[0], 25);
    assert_memory_equal(record + 11, server_cid, sizeof server_cid);
}

static void expect_session_survives_parking(world *w)
{
    unsigned char parked[1024];
    size_t len = 0;
    assert_int_equal(mbedtls_ssl_context_save(&w->server.ssl, parked, sizeof parked, &len), 0);
    assert_in_range(len, 100, 400);
    assert_int_equal(mbedtls_ssl_context_load(&w->server.ssl, parked, len), 0);
    expect_text_arrives(&w->client, &w->server, "after parking");
    expect_text_arrives(&w->server, &w->client, "and back");
}

static void expect_working_session(world *w)
{
    assert_int_equal(shake_hands(w), 0);
    expect_text_arrives(&w->client, &w->server, "POST /rd");
    expect_connection_id(w);
    expect_text_arrives(&w->server, &w->client, "2.01");
    expect_session_survives_parking(w);
}

/* ---- Tests ---- */

static const int psk_suites[] = {MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8, 0};
static const int key_suites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, 0};

static int open_world(void **state)
{
    static world w;
    memset(&w, 0, sizeof w);
    w.client.in = w.server.out = &w.down;
    w.client.out = w.server.in = &w.up;
    mbedtls_entropy_init(&w.entropy);
    mbedtls_ctr_drbg_init(&w.rng);
    mbedtls_ssl_cookie_init(&w.cookies);
    *state = &w;
    return mbedtls_ctr_drbg_seed(&w.rng, mbedtls_entropy_func, &w.entropy, NULL, 0) != 0 ||
           mbedtls_ssl_cookie_setup(&w.cookies, mbedtls_ctr_drbg_random, &w.rng) != 0;
}

static void close_end(end *e)
{
    mbedtls_ssl_free(&e->ssl);
    mbedtls_ssl_config_free(&e->conf);
    mbedtls_pk_init(&e->cert.pk);
    mbedtls_x509_crt_free(&e->cert);
    mbedtls_pk_free(&e->key);
}

static int close_world(void **state)
{
    world *w = *state;
    close_end(&w->client);
    close_end(&w->server);
    mbedtls_ssl_cookie_free(&w->cookies);
    mbedtls_ctr_drbg_free(&w->rng);
    mbedtls_entropy_free(&w->entropy);
    return 0;
}

static void a_session_with_a_pre_shared_key_works(void **state)
{
    world *w = *state;
    open_end(w, &w->client, false, psk_suites);
    open_end(w, &w->server, true, psk_suites);
    use_psk(&w->client);
    use_psk(&w->server);
    start(w);
    expect_working_session(w);
}

/* Both ends with a key of their own, each knowing the other's. */
static void start_with_raw_keys(world *w, uint8_t client_flags, uint8_t server_flags)
{
    open_end(w, &w->client, false, key_suites);
    open_end(w, &w->server, true, key_suites);
    use_raw_key(w, &w->client, client_flags);
    use_raw_key(w, &w->server, server_flags);
    w->client.knows = &w->server;
    w->server.knows = &w->client;
    start(w);
}

static void a_session_with_raw_public_keys_works(void **state)
{
    world *w = *state;
    start_with_raw_keys(w, RAW_BOTH, RAW_BOTH);
    expect_working_session(w);
}

static void raw_keys_are_preferred_to_x509(void **state)
{
    world *w = *state;
    uint8_t either = MBEDTLS_SSL_RPK_PEER | MBEDTLS_SSL_RPK_OWN;
    start_with_raw_keys(w, either, either);
    expect_working_session(w);
}

static void a_client_key_that_the_server_does_not_know_is_refused(void **state)
{
    world *w = *state;
    start_with_raw_keys(w, RAW_BOTH, RAW_BOTH);
    w->server.knows = &w->server;
    assert_int_equal(shake_hands(w), MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
}

static void a_server_key_that_the_client_does_not_know_is_refused(void **state)
{
    world *w = *state;
    start_with_raw_keys(w, RAW_BOTH, RAW_BOTH);
    w->client.knows = NULL;
    assert_int_equal(shake_hands(w), MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
}

static void without_a_verify_callback_every_raw_key_is_refused(void **state)
{
    world *w = *state;
    start_with_raw_keys(w, RAW_BOTH, RAW_BOTH);
    mbedtls_ssl_conf_verify(&w->client.conf, NULL, NULL);
    assert_int_equal(shake_hands(w), MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
}

static void a_client_without_raw_keys_gets_none_from_a_server_of_raw_keys_only(void **state)
{
    world *w = *state;
    start_with_raw_keys(w, 0, RAW_BOTH);
    assert_int_equal(shake_hands(w), MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION);
}

static void a_client_of_raw_keys_only_takes_no_x509(void **state)
{
    world *w = *state;
    start_with_raw_keys(w, RAW_BOTH, 0);
    assert_int_equal(shake_hands(w), MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION);
}

/* RFC 7250 section 4.2 speaks of certificates; with a pre-shared key none is exchanged. */
static void types_of_certificates_do_not_matter_to_a_pre_shared_key(void **state)
{
    static const int both[] = {MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8,
                               MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, 0};
    world *w = *state;
    open_end(w, &w->client, false, both);
    open_end(w, &w->server, true, both);
    use_raw_key(w, &w->client, RAW_BOTH);
    use_raw_key(w, &w->server, MBEDTLS_SSL_RPK_OWN);
    use_psk(&w->client);
    use_psk(&w->server);
    start(w);
    expect_working_session(w);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_session_with_a_pre_shared_key_works),
        IN_A_WORLD(a_session_with_raw_public_keys_works),
        IN_A_WORLD(raw_keys_are_preferred_to_x509),
        IN_A_WORLD(a_client_key_that_the_server_does_not_know_is_refused),
        IN_A_WORLD(a_server_key_that_the_client_does_not_know_is_refused),
        IN_A_WORLD(without_a_verify_callback_every_raw_key_is_refused),
        IN_A_WORLD(a_client_without_raw_keys_gets_none_from_a_server_of_raw_keys_only),
        IN_A_WORLD(a_client_of_raw_keys_only_takes_no_x509),
        IN_A_WORLD(types_of_certificates_do_not_matter_to_a_pre_shared_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
