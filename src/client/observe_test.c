#include "client/observe_rig_test.h"

static const lw_client_feature *const features[] = {
    &lw_feature_blockwise,  &lw_feature_create,    &lw_feature_observe, &lw_feature_observe_1_2,
    &lw_feature_thresholds, &lw_feature_composite, &feature_rights,     NULL};
static const lw_client_cfg plain = {.endpoint = "dev1",
                                    .version = 12,
                                    .objects = objects,
                                    .formats = formats,
                                    .features = features,
                                    .servers_max = 2,
                                    .observations_max = 4,
                                    .attributes_max = 4,
                                    .dynamic = 6144};

static int set_up(void **state)
{
    rig *r = malloc(sizeof *r);
    rig_start(r, &plain);
    *state = r;
    return 0;
}

static int set_up_without_thresholds(void **state)
{
    static const lw_client_feature *const fewer[] = {&lw_feature_blockwise,
                                                     &lw_feature_create,
                                                     &lw_feature_observe,
                                                     &lw_feature_observe_1_2,
                                                     &lw_feature_composite,
                                                     &feature_rights,
                                                     NULL};
    lw_client_cfg cfg = plain;
    cfg.features = fewer;
    rig *r = malloc(sizeof *r);
    rig_start(r, &cfg);
    *state = r;
    return 0;
}

/* A case with and without lw_feature_thresholds. */
#define BOTH(f)                                                                  \
    IS(f),                                                                       \
    {                                                                            \
        "without thresholds: " #f, f, set_up_without_thresholds, tear_down, NULL \
    }

static int tear_down(void **state)
{
    rig *r = *state;
    lw_observing *all = lw_client_feature_state(r->client, &lw_feature_observe);
    size_t live = 0;
    for (lw_link *l = all->list.next; l != &all->list; l = l->next) {
        live++;
    }
    assert_int_equal(live, all->count);
    lw_client_fini(r->client);
    free(r);
    return 0;
}

static void expect_observations(rig *r, size_t count)
{
    lw_observing *all = lw_client_feature_state(r->client, &lw_feature_observe);
    assert_int_equal(all->count, count);
    if (count == 0) {
        assert_int_equal(all->pool->used, 0); /* nothing was lost on the way */
    }
}

/* ---- Observe ---------------------------------------------------------------------------------
 */

/* OBS-01, OBS-10; the bytes of formats.md section 13 */
static void observe_and_notify_are_the_bytes_of_the_specification(void **state)
{
    rig *r = *state;
    r->wall = 11;
    rig_feed(r, 0, lw_bytes_of("\x41\x01\x00\x01\xB2\x60\x51\x33\x01\x30\x01\x39\x61\x70", 14));
    assert_int_equal(r->sent_count, 1);
    const char first[] =
        "\x61\x45\x00\x01\xB2\x61\x0B\x61\x70\xFF\x81\xA2\x00\x66/3/0/9\x02\x18\x64";
    assert_int_equal(r->sent[0].len, sizeof first - 1);
    assert_memory_equal(r->sent[0].octets, first, sizeof first - 1);

    set_number(r, "/3/0/9", 95);
    rig_datagram *d = next_told(r);
    assert_non_null(d);
    d->octets[2] = 0x00; /* the message id is ours to choose */
    d->octets[3] = 0x02;
    const char next[] =
        "\x51\x45\x00\x02\xB2\x61\x0C\x61\x70\xFF\x81\xA2\x00\x66/3/0/9\x02\x18\x5F";
    assert_int_equal(d->len, sizeof next - 1);
    assert_memory_equal(d->octets, next, sizeof next - 1);
}

/* OBS-08, OBS-01 */
static void what_cannot_be_read_is_not_observed(void **state)
{
    rig *r = *state;
    assert_int_equal(ask_observe(r, 0, 1, "/3/0/99", NOTHING), LW_COAP_NOT_FOUND);
    assert_int_equal(ask_observe(r, 0, 1, "/42769/2", NOTHING), LW_COAP_NOT_FOUND);
    assert_int_equal(ask_observe(r, 0, 1, "/3/0/4", NOTHING), LW_COAP_METHOD_NOT_ALLOWED);
    assert_int_equal(ask_observe(r, 0, 1, "/0/0", NOTHING), LW_COAP_UNAUTHORIZED);
    assert_int_equal(ask_observe(r, 0, 1, "/42769/0", TEXT), LW_COAP_NOT_ACCEPTABLE);
    assert_int_equal(ask_observe(r, 0, 1, "/42769/0/6", NOTHING), LW_COAP_NOT_FOUND);
    expect_observations(r, 0);
}

/* OBS-10 */
static void notifications_keep_the_format_of_the_first_answer(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    observe(r, 2, "/3/0/9");
    set_number(r, "/3/0/9", 95);
    expect_told(r, 1, "95");
    uint32_t format;
    assert_true(lw_coap_opt_find_uint(&expect_told(r, 2, NULL)->msg.options,
                                      LW_COAP_OPT_CONTENT_FORMAT, &format));
    assert_int_equal(format, LW_CF_SENML_CBOR);
    expect_silence(r);
}

/* OBS-03 */
static void the_same_target_is_observed_once(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    observe_text(r, 2, "/3/0/9");
    expect_observations(r, 1);
    set_number(r, "/3/0/9", 95);
    expect_told(r, 2, "95");
    expect_silence(r);
    observe_text(r, 3, "/3/0/9?pmin=1");
    observe_text(r, 4, "/3/0/9?pmin=2");
    observe_text(r, 5, "/3/0/9?pmin=2");
    expect_observations(r, 3);
}

/* OBS-03 */
static void a_token_stands_for_one_observation(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    observe_text(r, 1, "/42769/0/0");
    expect_observations(r, 1);
    set_number(r, "/3/0/9", 95);
    expect_silence(r);
    set_number(r, "/42769/0/0", 5);
    expect_told(r, 1, "5");
}

static void two_observations_that_one_replaces_both_end(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    observe_text(r, 2, "/42769/0/0");
    observe_text(r, 1, "/42769/0/0");
    expect_observations(r, 1);
}

/* RFC 7641 section 4.4 */
static void the_sequence_goes_on_when_an_observation_is_renewed(void **state)
{
    rig *r = *state;
    uint32_t first, second, third;
    observe_text(r, 1, "/3/0/9");
    assert_true(has_observe(&r->sent[0], &first));
    set_number(r, "/3/0/9", 95);
    assert_true(has_observe(expect_told(r, 1, "95"), &second));
    assert_int_equal(second, first + 1);
    observe_text(r, 1, "/3/0/9");
    assert_true(has_observe(&r->sent[r->sent_count - 1], &third));
    assert_int_equal(third, second + 1);
}

/* P-OBS-11 */
static void the_sequence_starts_at_the_time(void **state)
{
    rig *r = *state;
    uint32_t sequence;
    r->wall = 0x123456789;
    observe_text(r, 1, "/3/0/9");
    assert_true(has_observe(&r->sent[0], &sequence));
    assert_int_equal(sequence, 0x456789);
    r->wall = -1;
    r->now = 7 * SECOND;
    rig_pass(r, 0);
    observe_text(r, 2, "/42769/0/0");
    assert_true(has_observe(&r->sent[1], &sequence));
    assert_int_equal(sequence, 7);
}

/* OBS-04 */
static void one_observation_too_many_is_a_read(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    observe_text(r, 2, "/42769/0/0");
    observe_text(r, 3, "/42769/1/0");
    observe(r, 4, "/42769/0");
    rig_datagram *d = get(r, 0, 5, "/42769/1", 0);
    uint32_t sequence;
    assert_int_equal(d->msg.code, LW_COAP_CONTENT);
    assert_false(has_observe(d, &sequence));
    expect_observations(r, 4);
    observe_text(r, 6, "/3/0/9"); /* replaces */
}

/* OBS-04 */
static void without_memory_observe_is_a_read(void **state)
{
    rig *r = *state;
    lw_observing *all = lw_client_feature_state(r->client, &lw_feature_observe);
    for (size_t room = 0;; room += 16) {
        size_t size = all->pool->size - room;
        void *hog = lw_mem_alloc(&all->pool->mem, size);
        if (hog == NULL) {
            continue;
        }
        rig_datagram *d = get(r, 0, 1, "/3/0/9?pmin=1", 0);
        uint32_t sequence;
        assert_int_equal(d->msg.code, LW_COAP_CONTENT);
        bool observed = has_observe(d, &sequence);
        lw_mem_release(&all->pool->mem, hog);
        expect_observations(r, observed ? 1 : 0);
        forget_sent(r);
        if (observed) {
            break;
        }
    }
}

/* RFC 7959 section 2.6 */
static void a_later_block_is_read(void **state)
{
    rig *r = *state;
    uint8_t octets[600] = {1};
    uint32_t sequence;
    set(r, "/42769/0/5", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, sizeof octets)));
    rig_datagram *d = request(r, &(ask){.code = LW_COAP_GET,
                                        .token = 1,
                                        .target = "/42769/0/5",
                                        .accept = NOTHING,
                                        .format = NOTHING,
                                        .block2 = 1 << 4 | 4});
    assert_int_equal(d->msg.code, LW_COAP_CONTENT);
    assert_false(has_observe(d, &sequence));
    expect_observations(r, 0);
}

/* OBS-20, RFC 7959 section 2.6 */
static void a_large_notification_is_its_first_block(void **state)
{
    rig *r = *state;
    uint8_t octets[600] = {1};
    uint32_t block;
    rig_use_blocks(r, 0, 4);
    set(r, "/42769/0/5", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, 5)));
    observe(r, 1, "/42769/0/5");
    set(r, "/42769/0/5", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, sizeof octets)));
    rig_datagram *d = expect_told(r, 1, NULL);
    assert_int_equal(d->msg.payload.len, 256);
    assert_true(lw_coap_opt_find_uint(&d->msg.options, LW_COAP_OPT_BLOCK2, &block));
    assert_int_equal(block, 0 << 4 | 8 | 4);
}

/* ---- Notify ---------------------------------------------------------------------------------- */

/* ATT-30, OBS-10 */
static void a_change_is_told_at_once_and_once(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    expect_silence(r);
    set_number(r, "/3/0/9", 95);
    set_number(r, "/3/0/9", 94);
    expect_told(r, 1, "94");
    rig_pass(r, 100 * SECOND);
    expect_silence(r);
    set_number(r, "/3/0/9", 94);
    expect_silence(r);
}

/* ATT-30: both timers run from the first answer and from each notification */
static void pmin_holds_back_and_pmax_pushes(void **state)
{
    rig *r = *state;
    attach(r, "/3/0/9?pmin=5&pmax=15");
    observe_text(r, 1, "/3/0/9");
    rig_pass(r, 2 * SECOND);
    set_number(r, "/3/0/9", 95);
    rig_pass(r, 3 * SECOND - 1);
    expect_silence(r);
    rig_pass(r, 1);
    expect_told(r, 1, "95");
    rig_pass(r, 15 * SECOND - 1);
    expect_silence(r);
    rig_pass(r, 1);
    expect_told(r, 1, "95");
}

/* ATT-31 */
static void a_change_that_is_taken_back_within_pmin_is_not_told(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9?pmin=5");
    set_number(r, "/3/0/9", 95);
    rig_pass(r, 1 * SECOND);
    set_number(r, "/3/0/9", 100);
    rig_pass(r, 60 * SECOND);
    expect_silence(r);
}

/* rule 38: judged on the value that crossed */
static void a_threshold_crossed_and_crossed_back_is_told(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0?gt=120&lt=20"); /* 0 now */
    set_number(r, "/42769/0/0", 100);
    expect_told(r, 1, "100");
    set_number(r, "/42769/0/0", 121);
    set_number(r, "/42769/0/0", 110);
    expect_told(r, 1, "110");
    set_number(r, "/42769/0/0", 90);
    expect_silence(r);
    set_number(r, "/42769/0/0", 19);
    expect_told(r, 1, "19");
    set_number(r, "/42769/0/0", 21); /* both directions, P-OBS-03 */
    expect_told(r, 1, "21");
}

/* ATT-33, ATT-34, P-OBS-04 */
static void a_step_counts_from_what_was_told(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9?st=10");
    set_number(r, "/3/0/9", 95);
    expect_silence(r);
    set_number(r, "/3/0/9", 91);
    expect_silence(r);
    set_number(r, "/3/0/9", 90);
    expect_told(r, 1, "90");
}

/* ATT-35 */
static void an_edge_is_told_in_its_direction(void **state)
{
    rig *r = *state;
    set(r, "/42769/0/2", lw_value_boolean(true));
    observe_text(r, 1, "/42769/0/2?edge=1");
    set(r, "/42769/0/2", lw_value_boolean(false));
    expect_silence(r);
    set(r, "/42769/0/2", lw_value_boolean(true));
    set(r, "/42769/0/2", lw_value_boolean(false));
    expect_told(r, 1, "0");
}

/* ATT-36 */
static void nothing_is_judged_within_epmin(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0?gt=120&epmin=10");
    rig_pass(r, 1 * SECOND);
    set_number(r, "/42769/0/0", 121);
    set_number(r, "/42769/0/0", 110);
    rig_pass(r, 60 * SECOND);
    expect_silence(r);
    set_number(r, "/42769/0/0", 121);
    expect_told(r, 1, "121");
    rig_pass(r, 1 * SECOND);
    set_number(r, "/42769/0/0", 100);
    expect_silence(r);
    rig_pass(r, 9 * SECOND);
    expect_told(r, 1, "100");
}

/* ATT-36: a value that changes without a word is looked at */
static void epmax_looks_at_values_that_say_nothing(void **state)
{
    rig *r = *state;
    computed = 1;
    observe_text(r, 1, "/42769/0/6?epmax=10");
    computed = 2;
    rig_pass(r, 10 * SECOND - 1);
    expect_silence(r);
    rig_pass(r, 1);
    expect_told(r, 1, "2");
}

/* ATT-21, P-OBS-02 */
static void a_pmax_below_pmin_is_ignored_and_zero_is_none(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9?pmin=10&pmax=5");
    observe_text(r, 2, "/42769/0/0?pmax=0");
    observe_text(r, 3, "/42769/1/0?pmin=10&pmax=10");
    rig_pass(r, 10 * SECOND);
    expect_told(r, 3, NULL);
    expect_silence(r);
}

/* ATT-10: 1/x/2 and 1/x/3 */
static void the_server_object_has_defaults(void **state)
{
    rig *r = *state;
    set_number(r, "/1/0/2", 5);
    observe_text(r, 1, "/3/0/9");
    set_number(r, "/3/0/9", 95);
    expect_silence(r);
    rig_pass(r, 5 * SECOND);
    expect_told(r, 1, "95");
    set_number(r, "/1/0/3", 20);
    rig_pass(r, 20 * SECOND);
    expect_told(r, 1, "95");
    set_number(r, "/1/0/26", 1);
    rig_pass(r, 20 * SECOND);
    rig_datagram *d = expect_told(r, 1, "95");
    assert_int_equal(d->msg.type, LW_COAP_CON);
    acknowledge(r, d);
}

/* ATT-10, ATT-11, P-OBS-06 */
static void attributes_count_at_and_above_the_target(void **state)
{
    rig *r = *state;
    attach(r, "/42769?pmax=30");
    attach(r, "/42769/0?pmax=20");
    attach(r, "/42769/0/0?pmax=10");
    observe_text(r, 1, "/42769/0/0");
    observe(r, 2, "/42769/0");
    observe_text(r, 3, "/42769/1/0");
    rig_pass(r, 10 * SECOND);
    expect_told(r, 1, NULL);
    rig_pass(r, 10 * SECOND);
    expect_told(r, 1, NULL);
    expect_told(r, 2, NULL);
    rig_pass(r, 10 * SECOND);
    expect_told(r, 1, NULL);
    expect_told(r, 3, NULL);
    expect_silence(r);
}

/* OBS-02; the test case "Parameters override" */
static void attributes_in_the_query_replace_those_attached(void **state)
{
    rig *r = *state;
    attach(r, "/3/0/9?pmin=5&pmax=60");
    observe_text(r, 1, "/3/0/9?pmax=10");
    set_number(r, "/3/0/9", 95);
    expect_told(r, 1, "95"); /* the pmin attached does not count */
    rig_pass(r, 10 * SECOND);
    expect_told(r, 1, "95");
    observe_text(r, 2, "/3/0/9");
    set_number(r, "/3/0/9", 94);
    expect_told(r, 1, "94");
    expect_silence(r);
    rig_pass(r, 5 * SECOND);
    expect_told(r, 2, "94");
}

/* OBS-02, ATT-20 */
static void a_query_that_makes_no_sense_is_refused(void **state)
{
    rig *r = *state;
    assert_int_equal(ask_observe(r, 0, 1, "/3/0/9?gt=10&lt=20", TEXT), LW_COAP_BAD_REQUEST);
    assert_int_equal(ask_observe(r, 0, 1, "/3/0/9?dim=2", TEXT), LW_COAP_BAD_REQUEST);
    assert_int_equal(ask_observe(r, 0, 1, "/3/0?gt=10", NOTHING), LW_COAP_BAD_REQUEST);
    assert_int_equal(ask_observe(r, 0, 1, "/3/0/16?st=1", TEXT), LW_COAP_BAD_REQUEST);
    expect_observations(r, 0);
    r->client->servers[0].version = LW_VERSION_1_1;
    assert_int_equal(ask_observe(r, 0, 1, "/3/0/9?pmin=1", TEXT), LW_COAP_BAD_REQUEST);
}

/* ATT-39, OBS-07 */
static void any_change_below_an_object_is_told(void **state)
{
    rig *r = *state;
    lw_path at;
    assert_int_equal(get(r, 0, 1, "/42769", 0)->msg.code, LW_COAP_CONTENT);
    attach(r, "/42769/0/0?gt=100");
    set_number(r, "/42769/0/0", 1);
    expect_told(r, 1, NULL);
    assert_int_equal(lw_tree_add(lw_client_tree(r->client), 42769, 2, &at), LW_OK);
    answer_updates(r);
    expect_told(r, 1, NULL);
    set_number(r, "/42769/2/4/3", 1);
    expect_told(r, 1, NULL);
    assert_int_equal(lw_tree_remove(lw_client_tree(r->client), at), LW_OK);
    answer_updates(r);
    expect_told(r, 1, NULL);
    set(r, "/42769/0/3", lw_value_string("secret")); /* nobody can read it */
    expect_silence(r);
}

/* model/notify.h: one watch for each instance of a multiple resource */
static void thresholds_hold_for_each_resource_instance(void **state)
{
    rig *r = *state;
    set_number(r, "/42769/0/4/0", 5);
    set_number(r, "/42769/0/4/2", 15);
    observe(r, 1, "/42769/0/4?gt=10");
    set_number(r, "/42769/0/4/0", 6);
    set_number(r, "/42769/0/4/2", 16);
    expect_silence(r);
    set_number(r, "/42769/0/4/0", 11);
    expect_told(r, 1, NULL);
    set_number(r, "/42769/0/4/1", 7); /* a new one */
    expect_told(r, 1, NULL);
    set_number(r, "/42769/0/4/1", 12);
    expect_told(r, 1, NULL);
    lw_path gone = lw_path_resource_instance(42769, 0, 4, 0);
    assert_int_equal(lw_tree_unset(lw_client_tree(r->client), gone), LW_OK);
    expect_told(r, 1, NULL);
    set_number(r, "/42769/0/4/2", 17);
    expect_silence(r);
}

static void without_memory_for_each_instance_any_change_counts(void **state)
{
    rig *r = *state;
    lw_observing *all = lw_client_feature_state(r->client, &lw_feature_observe);
    set_number(r, "/42769/0/4/3", 5);
    observe(r, 1, "/42769/0/4?gt=10");
    lw_watching *w = all->watching;
    void *hog = lw_mem_alloc(&w->pool->mem, w->pool->size - w->pool->used - 2 * lw_pool_cost(1));
    assert_non_null(hog);
    set_number(r, "/42769/0/4/0", 5);
    expect_told(r, 1, NULL);
    set_number(r, "/42769/0/4/0", 6);
    expect_told(r, 1, NULL);
    expect_silence(r);
    lw_mem_release(&w->pool->mem, hog);
}

/* DM-16: a value that is not there now has nothing to say */
static void a_value_that_cannot_be_had_is_told_when_it_comes_back(void **state)
{
    rig *r = *state;
    lw_path path = lw_path_resource(42769, 0, 6);
    computed = 1;
    observe_text(r, 1, "/42769/0/6?pmax=10");
    computed = 0;
    lw_tree_changed(lw_client_tree(r->client), path);
    expect_silence(r);
    rig_pass(r, 20 * SECOND);
    expect_silence(r);
    computed = 2;
    lw_tree_changed(lw_client_tree(r->client), path);
    expect_told(r, 1, "2");
}

/* DM-39: a Write of many values is one change */
static void a_transaction_is_told_as_one(void **state)
{
    rig *r = *state;
    lw_tree *tree = lw_client_tree(r->client);
    observe(r, 1, "/42769/0");
    assert_int_equal(lw_tree_begin(tree), LW_OK);
    set_number(r, "/42769/0/0", 1);
    set_number(r, "/42769/0/4/0", 2);
    expect_silence(r);
    assert_int_equal(lw_tree_commit(tree), LW_OK);
    expect_told(r, 1, NULL);
    expect_silence(r);
}

/* A change by a server is told to the other, after the answer. */
static void what_one_server_writes_the_other_is_told(void **state)
{
    rig *r = *state;
    assert_int_equal(ask_observe(r, 1, 1, "/42769/0/0", TEXT), LW_COAP_CONTENT);
    rig_datagram *d = request(r, &(ask){.code = LW_COAP_PUT,
                                        .token = 9,
                                        .observe = NOTHING,
                                        .target = "/42769/0/0",
                                        .accept = NOTHING,
                                        .format = TEXT,
                                        .payload = lw_bytes_str("42"),
                                        .block2 = NOTHING});
    assert_int_equal(d->msg.code, LW_COAP_CHANGED);
    assert_int_equal(expect_told(r, 1, "42")->link, 1);
}

/* ---- Confirmable notifications ----------------------------------------------------------------
 */

/* ATT-37 */
static void con_asks_for_an_acknowledgement(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9?con=1");
    observe_text(r, 2, "/42769/0/0?con=0");
    set_number(r, "/1/0/26", 1);
    set_number(r, "/3/0/9", 95);
    set_number(r, "/42769/0/0", 5);
    rig_datagram *d = expect_told(r, 1, "95");
    assert_int_equal(d->msg.type, LW_COAP_CON);
    acknowledge(r, d);
    assert_int_equal(expect_told(r, 2, "5")->msg.type, LW_COAP_NON);
    rig_pass(r, 100 * SECOND);
    expect_silence(r);
}

/* P-OBS-13, RFC 7641 section 4.5 */
static void one_notification_a_day_is_confirmable(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    rig_pass(r, 12 * 3600 * SECOND);
    set_number(r, "/3/0/9", 95);
    assert_int_equal(expect_told(r, 1, "95")->msg.type, LW_COAP_NON);
    rig_pass(r, 12 * 3600 * SECOND);
    set_number(r, "/3/0/9", 94);
    rig_datagram *d = expect_told(r, 1, "94");
    assert_int_equal(d->msg.type, LW_COAP_CON);
    acknowledge(r, d);
    set_number(r, "/3/0/9", 93);
    assert_int_equal(expect_told(r, 1, "93")->msg.type, LW_COAP_NON);
}

/* RFC 7641 section 4.5.2 */
static void a_newer_value_takes_the_place_of_one_in_flight(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9?con=1");
    set_number(r, "/3/0/9", 95);
    expect_told(r, 1, "95");
    rig_pass(r, 1 * SECOND);
    set_number(r, "/3/0/9", 94);
    expect_silence(r);
    rig_pass(r, 3 * SECOND);
    rig_datagram *d = expect_told(r, 1, "94");
    acknowledge(r, d);
    rig_pass(r, 100 * SECOND);
    expect_silence(r);
    expect_observations(r, 1);
}

/* rule 34, P-OBS-12: a lost one does not end it */
static void a_notification_that_times_out_does_not_end_the_observation(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9?con=1");
    set_number(r, "/3/0/9", 95);
    rig_pass(r, 100 * SECOND);
    expect_observations(r, 1);
    forget_sent(r);
    set_number(r, "/3/0/9", 94);
    acknowledge(r, expect_told(r, 1, "94"));
}

/* ---- Ends ------------------------------------------------------------------------------------ */

/* OBS-21 */
static void cancel_reads_and_ends(void **state)
{
    rig *r = *state;
    uint32_t sequence;
    observe_text(r, 1, "/3/0/9");
    rig_datagram *d = get(r, 0, 1, "/3/0/9", 1);
    assert_int_equal(d->msg.code, LW_COAP_CONTENT);
    assert_false(has_observe(d, &sequence));
    expect_observations(r, 0);
    set_number(r, "/3/0/9", 95);
    expect_silence(r);
    assert_int_equal(get(r, 0, 1, "/3/0/9", 1)->msg.code, LW_COAP_CONTENT); /* unknown: a read */
}

/* OBS-22, rule 36 */
static void cancel_knows_the_target_under_another_token(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    get(r, 0, 7, "/3/0/9", 1);
    expect_observations(r, 0);
    observe_text(r, 1, "/3/0/9");
    observe(r, 2, "/3/0/9");
    get(r, 0, 1, "/3/0/9", 1);
    expect_observations(r, 1);
    set_number(r, "/3/0/9", 95);
    expect_told(r, 2, NULL);
}

/* OBS-22, P-OBS-05 */
static void cancel_of_a_parent_cancels_nothing(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    get(r, 0, 1, "/3/0", 1);
    get(r, 1, 1, "/3/0/9", 1); /* nor does that of another server */
    expect_observations(r, 1);
}

/* rule 33, P-OBS-10 */
static void a_reset_cancels_the_observation_of_that_message(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    observe_text(r, 2, "/42769/0/0");
    set_number(r, "/3/0/9", 95);
    set_number(r, "/42769/0/0", 5);
    expect_told(r, 1, "95");
    answer_empty(r, expect_told(r, 2, "5"), LW_COAP_RST);
    expect_observations(r, 1);
    set_number(r, "/3/0/9", 94);
    set_number(r, "/42769/0/0", 6);
    expect_told(r, 1, "94");
    expect_silence(r);
    assert_int_equal(rig_requests(r, 0), 0); /* and nothing is registered anew */
}

/* rule 33 */
static void a_reset_cancels_a_confirmable_one(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9?con=1");
    set_number(r, "/3/0/9", 95);
    answer_empty(r, expect_told(r, 1, "95"), LW_COAP_RST);
    expect_observations(r, 0);
}

/* rule 35 */
static void a_deleted_target_ends_its_observations_with_4_04(void **state)
{
    rig *r = *state;
    lw_path instance = lw_path_instance(42769, 1);
    observe_text(r, 1, "/42769/1/0");
    observe(r, 2, "/42769/1");
    observe(r, 3, "/42769");
    observe_text(r, 4, "/42769/0/0");
    assert_int_equal(lw_tree_remove(lw_client_tree(r->client), instance), LW_OK);
    answer_updates(r);
    expect_end(r, 1, LW_COAP_NOT_FOUND);
    expect_told(r, 3, NULL); /* does not wait for an acknowledgement */
    expect_end(r, 2, LW_COAP_NOT_FOUND);
    expect_observations(r, 2);
}

/* rule 35 */
static void a_resource_that_goes_ends_its_observation(void **state)
{
    rig *r = *state;
    set_number(r, "/42769/0/4/1", 5);
    observe_text(r, 1, "/42769/0/4/1");
    lw_path gone = lw_path_resource_instance(42769, 0, 4, 1);
    assert_int_equal(lw_tree_unset(lw_client_tree(r->client), gone), LW_OK);
    expect_end(r, 1, LW_COAP_NOT_FOUND);
    expect_observations(r, 0);
}

/* OBS-12 */
static void lost_rights_end_an_observation_with_4_01(void **state)
{
    rig *r = *state;
    assert_int_equal(ask_observe(r, 1, 1, "/3/0/9", TEXT), LW_COAP_CONTENT);
    observe_text(r, 2, "/3/0/9");
    rights_of_2 = 0;
    set_number(r, "/3/0/9", 95);
    assert_int_equal(expect_end(r, 1, LW_COAP_UNAUTHORIZED)->link, 1);
    expect_told(r, 2, "95");
    expect_observations(r, 1);
}

/* rule 31, OBS-05 */
static void a_new_registration_voids_the_observations_of_its_server(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9?con=1");
    assert_int_equal(ask_observe(r, 1, 2, "/3/0/9", TEXT), LW_COAP_CONTENT);
    set_number(r, "/3/0/9", 95);
    expect_told(r, 1, "95"); /* in flight */
    expect_told(r, 2, "95");
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_REGISTERED);
    expect_observations(r, 1);
    rig_pass(r, 100 * SECOND);
    expect_silence(r); /* not even sent again */
    set_number(r, "/3/0/9", 94);
    assert_int_equal(expect_told(r, 2, "94")->link, 1);
    lw_client_dispatch(&r->client->servers[1], LW_SERVER_EV_ENDED);
    expect_observations(r, 0);
}

/* REG-08: no notification before, during an Update it waits (rule 37) */
static void notifications_wait_for_an_update_in_flight(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    assert_int_equal(lw_client_update(r->client, 1), LW_OK);
    set_number(r, "/3/0/9", 95);
    expect_silence(r);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    expect_told(r, 1, "95");
}

/* BS-09 */
static void nothing_is_told_during_a_bootstrap(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    r->client->bootstrapping = true;
    set_number(r, "/3/0/9", 95);
    expect_silence(r);
    r->client->bootstrapping = false;
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_ONLINE);
    expect_told(r, 1, "95");
}

/* ---- Lists ----------------------------------------------------------------------------------- */

/* A FETCH of two or three paths in SenML CBOR; `link` is server 1 or 2. */
static rig_datagram *fetch(rig *r, uint8_t token, int observe_option, const char *query,
                           const char *const paths[])
{
    uint8_t body[128];
    lw_writer w;
    size_t count = 0;
    while (paths[count] != NULL) {
        count++;
    }
    lw_writer_init(&w, body, sizeof body);
    lw_write_u8(&w, (uint8_t)(0x80 | count));
    for (size_t i = 0; i < count; i++) {
        lw_write_u8(&w, 0xA1);
        lw_write_u8(&w, 0x00);
        lw_write_u8(&w, (uint8_t)(0x60 | strlen(paths[i])));
        lw_write_str(&w, paths[i]);
    }
    return request(r, &(ask){.code = LW_COAP_FETCH,
                             .token = token,
                             .observe = observe_option,
                             .target = query,
                             .accept = LW_CF_SENML_JSON,
                             .format = LW_CF_SENML_CBOR,
                             .payload = lw_writer_bytes(&w),
                             .block2 = NOTHING});
}

static const char *const two_boxes[] = {"/42769/0/0", "/42769/2/0", NULL};
static const char *const two_boxes_turned[] = {"/42769/2/0", "/42769/0/0", NULL};
static const char *const one_box[] = {"/42769/0/0", NULL};

/* OBS-24, OBS-25; the test cases "Observe-Composite + Create" and "+ Delete" (rule 35) */
static void targets_of_a_list_come_and_go(void **state)
{
    rig *r = *state;
    uint32_t sequence;
    lw_path second;
    rig_datagram *d = fetch(r, 1, 0, "", two_boxes);
    assert_int_equal(d->msg.code, LW_COAP_CONTENT);
    assert_true(has_observe(d, &sequence));
    expect_text(d, "[{\"n\":\"/42769/0/0\",\"v\":0}]");
    assert_int_equal(lw_tree_add(lw_client_tree(r->client), 42769, 2, &second), LW_OK);
    answer_updates(r);
    expect_told(r, 1, "[{\"bn\":\"/42769/\",\"n\":\"0/0\",\"v\":0},{\"n\":\"2/0\",\"v\":0}]");
    set_number(r, "/42769/2/0", 5);
    expect_told(r, 1, "[{\"bn\":\"/42769/\",\"n\":\"0/0\",\"v\":0},{\"n\":\"2/0\",\"v\":5}]");
    assert_int_equal(lw_tree_remove(lw_client_tree(r->client), second), LW_OK);
    answer_updates(r);
    expect_told(r, 1, "[{\"n\":\"/42769/0/0\",\"v\":0}]");
    set_number(r, "/42769/1/0", 1);
    expect_silence(r);
}

/* OBS-27 */
static void a_list_is_cancelled_by_the_same_set(void **state)
{
    rig *r = *state;
    uint32_t sequence;
    fetch(r, 1, 0, "", two_boxes);
    fetch(r, 1, 1, "", one_box);
    expect_observations(r, 1);
    rig_datagram *d = fetch(r, 1, 1, "", two_boxes_turned);
    assert_int_equal(d->msg.code, LW_COAP_CONTENT);
    assert_false(has_observe(d, &sequence));
    expect_observations(r, 0);
}

/* OBS-03 */
static void a_list_replaces_the_same_set(void **state)
{
    rig *r = *state;
    fetch(r, 1, 0, "", two_boxes);
    fetch(r, 2, 0, "", two_boxes_turned);
    expect_observations(r, 1);
    fetch(r, 3, 0, "?pmin=5", two_boxes);
    expect_observations(r, 2);
}

/* OBS-26, P-OBS-16 */
static void a_list_takes_the_largest_pmin_and_the_smallest_pmax(void **state)
{
    rig *r = *state;
    attach(r, "/42769/0/0?pmin=5&pmax=60");
    attach(r, "/42769/1/0?pmin=10&pmax=20");
    fetch(r, 1, 0, "", (const char *const[]){"/42769/0/0", "/42769/1/0", NULL});
    set_number(r, "/42769/0/0", 1);
    rig_pass(r, 10 * SECOND - 1);
    expect_silence(r);
    rig_pass(r, 1);
    expect_told(r, 1, NULL);
    rig_pass(r, 20 * SECOND - 1);
    expect_silence(r);
    rig_pass(r, 1);
    expect_told(r, 1, NULL);
}

/* OBS-23: what is in the query replaces what is attached of its kinds, thresholds stay */
static void a_query_counts_for_the_whole_list(void **state)
{
    rig *r = *state;
    attach(r, "/42769/0/0?pmin=50&gt=100");
    fetch(r, 1, 0, "?pmin=5", two_boxes);
    set_number(r, "/42769/0/0", 90);
    rig_pass(r, 60 * SECOND);
    expect_silence(r);
    set_number(r, "/42769/0/0", 101);
    expect_told(r, 1, NULL);
    set_number(r, "/42769/0/0", 1);
    expect_silence(r);
    rig_pass(r, 5 * SECOND);
    expect_told(r, 1, NULL);
    assert_int_equal(fetch(r, 2, 0, "?gt=5", two_boxes)->msg.code, LW_COAP_BAD_REQUEST);
    assert_int_equal(fetch(r, 2, 0, "?hqmax=5", two_boxes)->msg.code, LW_COAP_BAD_REQUEST);
}

/* The test case "Observe-Composite + attributes" */
static void attributes_attached_later_hold_for_a_list(void **state)
{
    rig *r = *state;
    fetch(r, 1, 0, "", (const char *const[]){"/1/0/1", "/3", NULL});
    rig_pass(r, 20 * SECOND);
    expect_silence(r);
    attach(r, "/3?pmax=5");
    rig_pass(r, 0);
    expect_told(r, 1, NULL);
    rig_pass(r, 5 * SECOND);
    expect_told(r, 1, NULL);
}

/* OBS-12, ACL-08 */
static void a_list_of_which_nothing_may_be_read_any_more_ends(void **state)
{
    rig *r = *state;
    uint8_t body[] = "\x81\xA1\x00\x6A/42769/0/0";
    rig_datagram *d = request(r, &(ask){.link = 1,
                                        .code = LW_COAP_FETCH,
                                        .token = 1,
                                        .target = "",
                                        .accept = NOTHING,
                                        .format = LW_CF_SENML_CBOR,
                                        .payload = lw_bytes_of(body, sizeof body - 1),
                                        .block2 = NOTHING});
    assert_int_equal(d->msg.code, LW_COAP_CONTENT);
    rights_of_2 = 0;
    set_number(r, "/42769/0/0", 1);
    expect_end(r, 1, LW_COAP_UNAUTHORIZED);
}

static void a_list_that_may_not_be_read_is_not_observed(void **state)
{
    rig *r = *state;
    assert_int_equal(fetch(r, 1, 0, "", (const char *const[]){"/0/0", NULL})->msg.code,
                     LW_COAP_UNAUTHORIZED);
    assert_int_equal(fetch(r, 1, 0, "", (const char *const[]){NULL})->msg.code,
                     LW_COAP_BAD_REQUEST);
    expect_observations(r, 0);
}

/* All that may be read is a target, too: nothing is attached above it. */
static void the_root_is_a_target_of_a_list(void **state)
{
    rig *r = *state;
    uint32_t sequence;
    attach(r, "/42769/0?pmin=5");
    rig_datagram *d = fetch(r, 1, 0, "", (const char *const[]){"/", NULL});
    assert_int_equal(d->msg.code, LW_COAP_CONTENT);
    assert_true(has_observe(d, &sequence));
    set_number(r, "/42769/0/0", 1);
    expect_told(r, 1, NULL);
}

/* ---- Write-Attributes ------------------------------------------------------------------------ */

static const lw_attrs *attached(rig *r, unsigned server, lw_path path)
{
    static lw_attrs attrs;
    const lw_observing *all = lw_client_feature_state(r->client, &lw_feature_observe);
    attrs = (lw_attrs){.has = 0};
    lw_attached_inherit(all, &r->client->servers[server], path, false, &attrs);
    return attrs.has != 0 ? &attrs : NULL;
}

#define battery lw_path_resource(3, 0, 9)

/* DM-50, DM-51 */
static void attributes_are_set_and_unset(void **state)
{
    rig *r = *state;
    attach(r, "/3/0/9?pmin=10&gt=50");
    const lw_attrs *attrs = attached(r, 0, battery);
    assert_non_null(attrs);
    assert_int_equal(attrs->pmin, 10);
    attach(r, "/3/0/9?pmin&pmax=60");
    attrs = attached(r, 0, battery);
    assert_int_equal(attrs->has, LW_ATTR_BIT(LW_ATTR_PMAX) | LW_ATTR_BIT(LW_ATTR_GT));
    attach(r, "/3/0/9?pmax&gt");
    assert_null(attached(r, 0, battery));
}

/* DM-52, DM-53, ATT-20, ATT-22, ATT-23: all or nothing */
static void attributes_that_make_no_sense_change_nothing(void **state)
{
    rig *r = *state;
    static const char *const bad[] = {
        "/3/0/9?gt=10&lt=20",     "/3/0/9?lt=1&gt=3&st=1", "/3/0/9?st=0",   "/3/0/9?st=-1",
        "/3/0/9?dim=2",           "/3/0/9?unknown=1",      "/3/0/9?pmin=x", "/3/0/9?pmin=1&pmin=2",
        "/3/0/9?epmin=5&epmax=5", "/3/0/9?pmin=5&hqmax=x", "/3/0?gt=5",     "/3/0/16?gt=5",
        "/3/0/9?edge=1",          "/3/0/9?con=2"};
    attach(r, "/3/0/9?pmin=7");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(write_attributes(r, 0, bad[i]), LW_COAP_BAD_REQUEST);
    }
    assert_int_equal(attached(r, 0, battery)->has, LW_ATTR_BIT(LW_ATTR_PMIN));
    assert_int_equal(attached(r, 0, battery)->pmin, 7);
    attach(r, "/3/0/9?gt=10"); /* ATT-20 also against what is attached already */
    assert_int_equal(write_attributes(r, 0, "/3/0/9?lt=20"), LW_COAP_BAD_REQUEST);
}

/* ATT-21, ATT-14 */
static void attributes_that_look_odd_are_taken(void **state)
{
    rig *r = *state;
    attach(r, "/3/0/9?pmin=10&pmax=5");
    set(r, "/42769/0/1", lw_value_float(0));
    attach(r, "/42769/0/1?gt=-1e1&lt=-20.5");
    const lw_attrs *attrs = attached(r, 0, lw_path_resource(42769, 0, 1));
    assert_true(attrs->gt == -10 && attrs->lt == -20.5);
}

/* DM-54, DM-55, DM-02 */
static void attributes_need_a_readable_target(void **state)
{
    rig *r = *state;
    assert_int_equal(write_attributes(r, 0, "/3/0/99?pmin=1"), LW_COAP_NOT_FOUND);
    assert_int_equal(write_attributes(r, 0, "/3/0/4?pmin=1"), LW_COAP_METHOD_NOT_ALLOWED);
    assert_int_equal(write_attributes(r, 0, "/42769/0/3?pmin=1"), LW_COAP_NOT_FOUND);
    assert_int_equal(write_attributes(r, 0, "/0/0?pmin=1"), LW_COAP_UNAUTHORIZED);
    rights_of_2 = 0;
    assert_int_equal(write_attributes(r, 1, "/3/0?pmin=1"), LW_COAP_UNAUTHORIZED);
    assert_int_equal(write_attributes(r, 1, "/3?pmin=1"), LW_COAP_CHANGED);
}

/* ATT-12, rule 39; the test case "Attributes per server" */
static void each_server_has_attributes_of_its_own(void **state)
{
    rig *r = *state;
    attach(r, "/3/0/9?pmin=2&pmax=10");
    assert_int_equal(write_attributes(r, 1, "/3/0/9?pmin=15&pmax=50"), LW_COAP_CHANGED);
    assert_int_equal(attached(r, 0, battery)->pmin, 2);
    assert_int_equal(attached(r, 1, battery)->pmin, 15);
}

/* rule 39, DM-56: as observe.h says */
static void attributes_outlive_a_registration_but_not_the_account(void **state)
{
    rig *r = *state;
    attach(r, "/3/0/9?pmin=2");
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_ENDED);
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_REGISTERED);
    assert_non_null(attached(r, 0, battery));
    lw_client_dispatch(&r->client->servers[1], LW_SERVER_EV_REMOVED);
    assert_non_null(attached(r, 0, battery));
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_REMOVED);
    assert_null(attached(r, 0, battery));
}

/* DM-83 */
static void attributes_go_with_their_target(void **state)
{
    rig *r = *state;
    lw_path gone = lw_path_instance(42769, 1);
    attach(r, "/42769/1/0?pmin=2");
    attach(r, "/42769/0/0?pmin=2");
    attach(r, "/42769?pmin=2");
    assert_int_equal(lw_tree_remove(lw_client_tree(r->client), gone), LW_OK);
    assert_null(attached(r, 0, lw_path_resource(42769, 1, 0)));
    assert_non_null(attached(r, 0, lw_path_resource(42769, 0, 0)));
    assert_non_null(attached(r, 0, lw_path_object(42769)));
}

static void attributes_have_a_ceiling(void **state)
{
    rig *r = *state;
    attach(r, "/3?pmin=1");
    attach(r, "/3/0?pmin=1");
    attach(r, "/3/0/9?pmin=1");
    attach(r, "/42769?pmin=1");
    assert_int_equal(lw_coap_code_class(write_attributes(r, 0, "/42769/0?pmin=1")), 5);
    attach(r, "/42769/0?pmin"); /* unsets nothing */
    attach(r, "/3/0?pmin");
    attach(r, "/42769/0?pmin=1");
}

/* ATT-13: a device may leave gt, lt, st and edge out */
static void without_thresholds_the_other_attributes_are_taken(void **state)
{
    rig *r = *state;
    static const lw_client_feature *const fewer[] = {&lw_feature_observe, NULL};
    lw_client_cfg cfg = plain;
    cfg.features = fewer;
    lw_client_fini(r->client);
    rig_start(r, &cfg);
    attach(r, "/3/0/9?pmin=1");
    assert_int_equal(write_attributes(r, 0, "/3/0/9?gt=1"), LW_COAP_BAD_REQUEST);
    set(r, "/42769/0/2", lw_value_boolean(true));
    assert_int_equal(write_attributes(r, 0, "/42769/0/2?edge=1"), LW_COAP_BAD_REQUEST);
    assert_int_equal(fetch(r, 1, 0, "", one_box)->msg.code, LW_COAP_METHOD_NOT_ALLOWED);
}

static void start_without_1_2(rig *r)
{
    static const lw_client_feature *const fewer[] = {&lw_feature_observe, &lw_feature_thresholds,
                                                     &lw_feature_composite, &feature_rights, NULL};
    lw_client_cfg cfg = plain;
    cfg.features = fewer;
    lw_client_fini(r->client);
    rig_start(r, &cfg);
}

/* OBS-02: without support it is rejected; ATT-13 */
static void without_observe_1_2_its_attributes_are_refused(void **state)
{
    rig *r = *state;
    start_without_1_2(r);
    assert_int_equal(ask_observe(r, 0, 1, "/3/0/9?pmin=1", TEXT), LW_COAP_BAD_REQUEST);
    assert_int_equal(fetch(r, 1, 0, "?pmin=5", two_boxes)->msg.code, LW_COAP_BAD_REQUEST);
    expect_observations(r, 0);
    assert_int_equal(write_attributes(r, 0, "/3/0/9?con=1"), LW_COAP_BAD_REQUEST);
    assert_int_equal(write_attributes(r, 0, "/3/0/9?hqmax=1"), LW_COAP_BAD_REQUEST);
    attach(r, "/3/0/9?gt=1");
    set(r, "/42769/0/2", lw_value_boolean(true));
    attach(r, "/42769/0/2?edge=1");
}

static void without_observe_1_2_the_default_of_con_does_not_count(void **state)
{
    rig *r = *state;
    start_without_1_2(r);
    set_number(r, "/1/0/26", 1);
    observe_text(r, 1, "/3/0/9");
    set_number(r, "/3/0/9", 95);
    assert_int_equal(expect_told(r, 1, NULL)->msg.type, LW_COAP_NON);
}

/* One place more than there are observations: each may change its query. */
static void all_observations_may_have_queries(void **state)
{
    rig *r = *state;
    const char *const paths[] = {"/3/0/9?pmax=10", "/3/0/16?pmax=20", "/42769/0/0?pmax=10",
                                 "/42769/1/0?pmax=30"};
    for (uint8_t round = 0; round < 3; round++) {
        for (uint8_t i = 0; i < 4; i++) {
            observe_text(r, (uint8_t)(i + 1), paths[i]);
        }
        expect_observations(r, 4);
    }
    observe_text(r, 1, "/3/0/9?pmax=5"); /* the place of token 1 */
    expect_observations(r, 4);
    rig_pass(r, 5 * SECOND);
    expect_told(r, 1, NULL);
    expect_silence(r);
    rig_pass(r, 5 * SECOND);
    expect_told(r, 3, NULL); /* its query is still there, though it was that of token 1, too */
    expect_told(r, 1, NULL);
    expect_silence(r);
}

/* RFC 7641 section 2: who cannot observe answers without the option */
static void composites_without_observe_are_read(void **state)
{
    rig *r = *state;
    static const lw_client_feature *const fewer[] = {&lw_feature_composite, NULL};
    lw_client_cfg cfg = plain;
    uint32_t sequence;
    lw_client_fini(r->client);
    cfg.features = fewer;
    rig_start(r, &cfg);
    rig_datagram *d = fetch(r, 1, 0, "", one_box);
    assert_int_equal(d->msg.code, LW_COAP_CONTENT);
    assert_false(has_observe(d, &sequence));
    lw_client_fini(r->client);
    rig_start(r, &plain);
}

/* ---- Failures -------------------------------------------------------------------------------- */

static void a_notification_that_finds_no_memory_is_sent_later(void **state)
{
    rig *r = *state;
    void *hogs[32];
    size_t count = 0;
    observe_text(r, 1, "/3/0/9?con=1");
    for (size_t size = r->client->pool->size; size > 0; size = size > 16 ? size - 16 : 0) {
        hogs[count] = lw_mem_alloc(&r->client->pool->mem, size);
        count += hogs[count] != NULL ? 1 : 0;
    }
    set_number(r, "/3/0/9", 95);
    expect_silence(r);
    while (count > 0) {
        lw_mem_release(&r->client->pool->mem, hogs[--count]);
    }
    rig_pass(r, 1 * SECOND);
    acknowledge(r, expect_told(r, 1, "95"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(observe_and_notify_are_the_bytes_of_the_specification),
        BOTH(what_cannot_be_read_is_not_observed),
        BOTH(notifications_keep_the_format_of_the_first_answer),
        BOTH(the_same_target_is_observed_once),
        BOTH(a_token_stands_for_one_observation),
        BOTH(two_observations_that_one_replaces_both_end),
        BOTH(the_sequence_goes_on_when_an_observation_is_renewed),
        BOTH(the_sequence_starts_at_the_time),
        BOTH(one_observation_too_many_is_a_read),
        BOTH(without_memory_observe_is_a_read),
        BOTH(a_later_block_is_read),
        BOTH(a_large_notification_is_its_first_block),
        BOTH(a_change_is_told_at_once_and_once),
        BOTH(pmin_holds_back_and_pmax_pushes),
        BOTH(a_change_that_is_taken_back_within_pmin_is_not_told),
        IS(a_threshold_crossed_and_crossed_back_is_told),
        IS(a_step_counts_from_what_was_told),
        IS(an_edge_is_told_in_its_direction),
        IS(nothing_is_judged_within_epmin),
        BOTH(epmax_looks_at_values_that_say_nothing),
        BOTH(a_pmax_below_pmin_is_ignored_and_zero_is_none),
        BOTH(the_server_object_has_defaults),
        BOTH(attributes_count_at_and_above_the_target),
        BOTH(attributes_in_the_query_replace_those_attached),
        BOTH(a_query_that_makes_no_sense_is_refused),
        IS(any_change_below_an_object_is_told),
        IS(thresholds_hold_for_each_resource_instance),
        IS(without_memory_for_each_instance_any_change_counts),
        BOTH(a_value_that_cannot_be_had_is_told_when_it_comes_back),
        BOTH(a_transaction_is_told_as_one),
        BOTH(what_one_server_writes_the_other_is_told),
        BOTH(con_asks_for_an_acknowledgement),
        BOTH(one_notification_a_day_is_confirmable),
        BOTH(a_newer_value_takes_the_place_of_one_in_flight),
        BOTH(a_notification_that_times_out_does_not_end_the_observation),
        BOTH(cancel_reads_and_ends),
        BOTH(cancel_knows_the_target_under_another_token),
        BOTH(cancel_of_a_parent_cancels_nothing),
        BOTH(a_reset_cancels_the_observation_of_that_message),
        BOTH(a_reset_cancels_a_confirmable_one),
        BOTH(a_deleted_target_ends_its_observations_with_4_04),
        BOTH(a_resource_that_goes_ends_its_observation),
        BOTH(lost_rights_end_an_observation_with_4_01),
        BOTH(a_new_registration_voids_the_observations_of_its_server),
        BOTH(notifications_wait_for_an_update_in_flight),
        BOTH(nothing_is_told_during_a_bootstrap),
        BOTH(targets_of_a_list_come_and_go),
        BOTH(a_list_is_cancelled_by_the_same_set),
        BOTH(a_list_replaces_the_same_set),
        BOTH(a_list_takes_the_largest_pmin_and_the_smallest_pmax),
        IS(a_query_counts_for_the_whole_list),
        BOTH(attributes_attached_later_hold_for_a_list),
        BOTH(a_list_of_which_nothing_may_be_read_any_more_ends),
        BOTH(a_list_that_may_not_be_read_is_not_observed),
        IS(attributes_are_set_and_unset),
        IS(attributes_that_make_no_sense_change_nothing),
        IS(attributes_that_look_odd_are_taken),
        BOTH(attributes_need_a_readable_target),
        BOTH(each_server_has_attributes_of_its_own),
        BOTH(attributes_outlive_a_registration_but_not_the_account),
        BOTH(attributes_go_with_their_target),
        BOTH(attributes_have_a_ceiling),
        IS(without_thresholds_the_other_attributes_are_taken),
        IS(the_root_is_a_target_of_a_list),
        IS(without_observe_1_2_its_attributes_are_refused),
        IS(without_observe_1_2_the_default_of_con_does_not_count),
        IS(all_observations_may_have_queries),
        IS(composites_without_observe_are_read),
        BOTH(a_notification_that_finds_no_memory_is_sent_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
