#include "app/lapwingd/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "testing/lw_test.h"

#define SAMPLE LW_SOURCE_DIR "/etc/lapwingd.yaml"

static char *no_environment[] = {NULL};

static config defaults(void)
{
    config c;
    char why[CONFIG_WHY_MAX];
    assert_true(config_load(&c, NULL, no_environment, why));
    return c;
}

static bool read_text(config *c, const char *text, char *why)
{
    *c = defaults();
    why[0] = '\0';
    return config_read_yaml(c, lw_bytes_str(text), "FILE", why);
}

static void expect_refusal(const char *text, const char *sentence)
{
    config c;
    char why[CONFIG_WHY_MAX];
    assert_false(read_text(&c, text, why));
    assert_string_equal(why, sentence);
}

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    config c = defaults();
    char why[CONFIG_WHY_MAX];
    assert_int_equal(c.coap_port, 5683);
    assert_string_equal(c.http, "127.0.0.1:8080");
    assert_int_equal(c.listen_count, 1);
    assert_string_equal(c.listen[0], "::");
    assert_int_equal(c.record_age_s, 90 * 86400);
    assert_int_equal(c.record_size, (uint64_t)10 << 30);
    assert_int_equal(c.max_body, 1 << 20);
    assert_true(c.record);
    assert_false(c.open);
    assert_true(config_check(&c, why));
}

static void a_file_sets_values_of_every_kind(void **state)
{
    (void)state;
    config c;
    char why[CONFIG_WHY_MAX];
    bool read = read_text(&c,
                          "# a comment\n"
                          "listen: [127.0.0.1, '::1']\n"
                          "coap-port: 0\n"
                          "record: off\n"
                          "record-age: 2h\n"
                          "record-size: 512M\n"
                          "data-dir: \"/var/lib/lapwing\"\n"
                          "store: memory\n"
                          "log: detail\n",
                          why);
    assert_string_equal(why, "");
    assert_true(read);
    assert_int_equal(c.listen_count, 2);
    assert_string_equal(c.listen[1], "::1");
    assert_int_equal(c.coap_port, 0);
    assert_false(c.record);
    assert_int_equal(c.record_age_s, 7200);
    assert_int_equal(c.record_size, (uint64_t)512 << 20);
    assert_string_equal(c.data_dir, "/var/lib/lapwing");
    assert_int_equal(c.store, CONFIG_STORE_MEMORY);
    assert_int_equal(c.log, 3);
}

static void an_empty_file_changes_nothing(void **state)
{
    (void)state;
    const char *const texts[] = {"", "# nothing\n", "---\n...\n", "\n\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        config c, before = defaults();
        char why[CONFIG_WHY_MAX];
        assert_true(read_text(&c, texts[i], why));
        for (size_t k = 0; k < config_key_count; k++) {
            assert_true(config_keys[k].name == NULL || config_equal(&config_keys[k], &c, &before));
        }
    }
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    expect_refusal("coap-port: 5683\n\ncoap-prot: 1\n",
                   "FILE, line 3: there is no key of this name: coap-prot");
    expect_refusal("coap-port: many\n", "FILE, line 1: coap-port: 'many' is not a number");
    expect_refusal("coap-port: 65536\n",
                   "FILE, line 1: coap-port: 65536 is not between 0 and 65535");
    expect_refusal("coap-port: -1\n", "FILE, line 1: coap-port: '-1' is not a number");
    expect_refusal("log: loud\n",
                   "FILE, line 1: log: 'loud' is not error, warning, info or detail");
    expect_refusal("awake: 5w\n", "FILE, line 1: awake: '5w' is not a time, as 30s, 5m, 2h or 7d");
    expect_refusal("max-body: 9999999T\n",
                   "FILE, line 1: max-body: 9999999T is not between 1024 and 1073741824");
    expect_refusal("max-body: 18446744073709551615k\n", "FILE, line 1: max-body: "
                                                        "'18446744073709551615k' is not octets, "
                                                        "as 4096, 64k, 10M or 2G");
    expect_refusal("http: 8080\n", "FILE, line 1: http: '8080' is not an IP address and port, as "
                                   "127.0.0.1:8080 or [::1]:8080");
    expect_refusal("record: perhaps\n", "FILE, line 1: record: 'perhaps' is not yes or no");
    expect_refusal("store: paper\n", "FILE, line 1: store: 'paper' is not sqlite or memory");
    expect_refusal("data-dir: ''\n", "FILE, line 1: data-dir: '' is not a path");
    expect_refusal("record:\n", "FILE, line 1: record: '' is not yes or no");
    expect_refusal("listen:\n  - 127.0.0.1\n  - host\n",
                   "FILE, line 3: listen: 'host' is not 1 to 8 IP addresses, without ports");
    expect_refusal(
        "listen: 127.0.0.1:99\n",
        "FILE, line 1: listen: '127.0.0.1:99' is not 1 to 8 IP addresses, without ports");
}

static void what_is_no_mapping_of_single_values_is_refused(void **state)
{
    (void)state;
    expect_refusal("- a\n", "FILE, line 1: lines of the form 'key: value' are expected");
    expect_refusal("text\n", "FILE, line 1: lines of the form 'key: value' are expected");
    expect_refusal("log: [info]\n", "FILE, line 1: log: a single value is expected");
    expect_refusal("log: {a: b}\n", "FILE, line 1: log: a single value is expected");
    expect_refusal("listen: [[a]]\n", "FILE, line 1: listen: a single value is expected");
    expect_refusal("listen: []\n", "FILE, line 1: listen: the list is empty");
    expect_refusal("? [a]\n: b\n", "FILE, line 1: the name of a key is expected");
    expect_refusal("log: info\nlog: detail\n", "FILE, line 2: log stands here for the second time");
    expect_refusal("log: info\n---\nlog: info\n", "FILE, line 2: a second document");
    expect_refusal("log: \"in\\0fo\"\n", "FILE, line 1: log: a single value is expected");
    expect_refusal("log: *anchor\n", "FILE, line 1: log: a single value is expected");
    expect_refusal("log: info: c\n",
                   "FILE, line 1: mapping values are not allowed in this context");
    expect_refusal("log: \"info\n", "FILE, line 2: found unexpected end of stream");
}

static void the_environment_wins_over_the_file(void **state)
{
    (void)state;
    char *environment[] = {(char *)"LAPWING_LOG=error", (char *)"LAPWING_COAP_PORT=99",
                           (char *)"LAPWING_LISTEN=127.0.0.1, ::1", (char *)"HOME=/", NULL};
    config c;
    char why[CONFIG_WHY_MAX], path[] = "/tmp/lapwing-config-XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    fputs("coap-port: 1\nlog: detail\nshards: 7\n", out);
    fclose(out);
    bool loaded = config_load(&c, path, environment, why);
    remove(path);
    assert_true(loaded);
    assert_int_equal(c.coap_port, 99);
    assert_int_equal(c.log, 0);
    assert_int_equal(c.shards, 7);
    assert_int_equal(c.listen_count, 2);
}

static void a_wrong_variable_and_a_missing_file_are_named(void **state)
{
    (void)state;
    char *environment[] = {(char *)"LAPWING_MAX_DEVICES=0", NULL};
    config c;
    char why[CONFIG_WHY_MAX];
    assert_false(config_load(&c, NULL, environment, why));
    assert_string_equal(why, "LAPWING_MAX_DEVICES: 0 is not between 1 and 16000000");
    assert_false(config_load(&c, "/nowhere/x.yaml", no_environment, why));
    assert_string_equal(why, "/nowhere/x.yaml: No such file or directory");
    assert_false(config_load(&c, "/", no_environment, why));
    assert_string_equal(why, "/: Is a directory");
}

static void open_is_for_loopback_alone(void **state)
{
    (void)state;
    config c;
    char why[CONFIG_WHY_MAX];
    assert_true(read_text(&c, "open: yes\n", why));
    assert_true(config_check(&c, why));
    assert_true(read_text(&c, "open: yes\nhttp: '[::1]:0'\n", why));
    assert_true(config_check(&c, why));
    assert_true(read_text(&c, "open: yes\nhttp: 0.0.0.0:80\n", why));
    assert_false(config_check(&c, why));
    assert_string_equal(why, "open: without tokens the API must listen on a loopback address, not "
                             "0.0.0.0:80");
}

/* The sample with the # removed in front of its keys. */
static char *read_sample(void)
{
    static char text[16 * 1024];
    char line[256];
    FILE *in = fopen(SAMPLE, "r");
    assert_non_null(in);
    text[0] = '\0';
    while (fgets(line, sizeof line, in) != NULL) {
        bool is_key = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';
        strcat(text, is_key ? line + 1 : line);
    }
    fclose(in);
    return text;
}

static void the_sample_has_every_key_with_its_default(void **state)
{
    (void)state;
    const char *text = read_sample();
    config c, expected = defaults();
    char why[CONFIG_WHY_MAX];
    bool read = read_text(&c, text, why);
    assert_string_equal(why, "");
    assert_true(read);
    for (size_t i = 0; i < config_key_count; i++) {
        const config_key *key = &config_keys[i];
        char line[80];
        if (key->name != NULL) {
            snprintf(line, sizeof line, "\n%s: ", key->name);
            assert_non_null(strstr(text, line));
            assert_true(config_equal(key, &c, &expected));
        }
    }
}

static void the_sample_as_it_is_is_right(void **state)
{
    (void)state;
    config c;
    char why[CONFIG_WHY_MAX];
    assert_true(config_load(&c, SAMPLE, no_environment, why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(a_file_sets_values_of_every_kind),
        cmocka_unit_test(an_empty_file_changes_nothing),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(what_is_no_mapping_of_single_values_is_refused),
        cmocka_unit_test(the_environment_wins_over_the_file),
        cmocka_unit_test(a_wrong_variable_and_a_missing_file_are_named),
        cmocka_unit_test(open_is_for_loopback_alone),
        cmocka_unit_test(the_sample_has_every_key_with_its_default),
        cmocka_unit_test(the_sample_as_it_is_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
