/* Rules ACL of protocol.md, and BS-53. What the rules mean is tested in model/access_test.c, how a
 * missing right is answered in serve_test.c. */
#include <stdio.h>

#include "client/bs_rig_test.h"
#include "client/serve.h"
#include "model/access.h"

#define ALL (LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_E | LW_RIGHT_D)

/* An object whose instances servers may make. */
static const lw_resource_def box_resources[] = {
    {0, LW_TYPE_INTEGER, LW_OP_R | LW_OP_W, LW_DEF_MANDATORY, 0}};
static const lw_object_def box_def = {42769, 1, 0, 1, 0, LW_DEF_MULTIPLE, 1, box_resources, NULL};
#define BOX(T, ONE, MANY, CALL) ONE(T, INT16, number, 0, 0)
static unsigned removals;

static lw_err box_create(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    (void)tree;
    (void)instance;
    return LW_OK;
}

static lw_err box_remove(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    (void)tree;
    (void)instance;
    removals++;
    return LW_OK;
}

static const lw_object_hooks box_hooks = {.create = box_create, .remove = box_remove};
LW_DECLARE(box, box_def, BOX, 4, &box_hooks)

static const lw_object *const objects[] = {
    &lw_security_object_1_1,   &lw_server_object_1_1, &lw_access_control_object_1_0,
    &lw_device_minimal_object, &box_object,           NULL};
static const lw_format *const formats[] = {&lw_format_tlv, &lw_format_text, NULL};
static const lw_client_feature *const features[] = {
    &lw_feature_blockwise, &lw_feature_create, &lw_feature_bootstrap, &lw_feature_access, NULL};
static const lw_client_cfg plain = {.endpoint = "dev1",
                                    .version = 11,
                                    .objects = objects,
                                    .formats = formats,
                                    .features = features,
                                    .servers_max = 2,
                                    .dynamic = 8192};

static int set_up(void **state)
{
    rig *r = malloc(sizeof *r);
    rig_init(r, &plain);
    removals = 0;
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    rig *r = *state;
    lw_client_fini(r->client);
    free(r);
    return 0;
}

static lw_server *server(rig *r, uint16_t ssid)
{
    lw_server *s = lw_client_server(r->client, ssid);
    assert_non_null(s);
    return s;
}

static unsigned rights(rig *r, uint16_t ssid, const char *instance)
{
    return lw_rights_of(server(r, ssid), at(instance));
}

static void add(rig *r, const char *instance)
{
    lw_path p = at(instance);
    assert_int_equal(lw_tree_add(lw_client_tree(r->client), lw_path_id(p, LW_LEVEL_OBJECT),
                                 lw_path_id(p, LW_LEVEL_INSTANCE), &p),
                     LW_OK);
}

static void remove_(rig *r, const char *instance)
{
    assert_int_equal(lw_tree_remove(lw_client_tree(r->client), at(instance)), LW_OK);
}

/* Writes a rule; acl: pairs of Short Server ID and rights, ended by a right of 0. */
static void rule(rig *r, uint16_t id, const char *target, uint16_t owner, const uint16_t (*acl)[2])
{
    char path[32];
    lw_path p = at(target), added;
    lw_tree *tree = lw_client_tree(r->client);
    assert_int_equal(lw_tree_add(tree, 2, id, &added), LW_OK);
    snprintf(path, sizeof path, "/2/%u/0", (unsigned)id);
    set(r, path, lw_value_integer(lw_path_id(p, LW_LEVEL_OBJECT)));
    snprintf(path, sizeof path, "/2/%u/1", (unsigned)id);
    set(r, path,
        lw_value_integer(lw_path_depth(p) == 1 ? LW_ID_MAX : lw_path_id(p, LW_LEVEL_INSTANCE)));
    snprintf(path, sizeof path, "/2/%u/3", (unsigned)id);
    set(r, path, lw_value_integer(owner));
    for (; acl != NULL && (*acl)[1] != 0; acl++) {
        snprintf(path, sizeof path, "/2/%u/2/%u", (unsigned)id, (unsigned)(*acl)[0]);
        set(r, path, lw_value_integer((*acl)[1]));
    }
}

static unsigned rule_count(rig *r)
{
    return lw_tree_count(lw_client_tree(r->client), at("/2"));
}

static void start_with(rig *r, unsigned servers)
{
    rig_add_server(r, 101, 86400);
    if (servers > 1) {
        rig_add_server(r, 102, 86400);
    }
    lw_client_start(r->client, r->now);
}

/* ---- Rights -----------------------------------------------------------------------------------
 */

/* ACL-01, ACL-02, P-ACL-01 */
static void one_server_may_do_everything(void **state)
{
    rig *r = *state;
    static const uint16_t acl[][2] = {{101, LW_RIGHT_R}, {0, 0}};
    add(r, "/42769/0");
    rule(r, 0, "/42769/0", 5, acl);
    start_with(r, 1);
    assert_int_equal(rights(r, 101, "/42769/0"), ALL);
    assert_int_equal(rights(r, 101, "/42769"), LW_RIGHT_C);
    assert_int_equal(rights(r, 101, "/3/0"), ALL);
    assert_int_equal(rule_count(r), 1);
}

/* ACL-05, P-ACL-02, P-ACL-03 */
static void several_servers_have_what_the_rules_give(void **state)
{
    rig *r = *state;
    static const uint16_t of_102[][2] = {{102, LW_RIGHT_R | LW_RIGHT_E}, {0, 0}};
    static const uint16_t own[][2] = {{101, LW_RIGHT_R}, {0, LW_RIGHT_R | LW_RIGHT_W}, {0, 0}};
    add(r, "/42769/0");
    add(r, "/42769/1");
    rule(r, 0, "/42769/0", 101, of_102);
    rule(r, 1, "/42769/1", 101, own);
    start_with(r, 2);
    assert_int_equal(rights(r, 101, "/42769/0"), ALL);
    assert_int_equal(rights(r, 102, "/42769/0"), LW_RIGHT_R | LW_RIGHT_E);
    assert_int_equal(rights(r, 101, "/42769/1"), LW_RIGHT_R);
    assert_int_equal(rights(r, 102, "/42769/1"), LW_RIGHT_R | LW_RIGHT_W);
}

/* ACL-03, ACL-07, P-ACL-04 */
static void creating_needs_a_rule_on_the_object(void **state)
{
    rig *r = *state;
    static const uint16_t acl[][2] = {{102, LW_RIGHT_C}, {0, 0}};
    rule(r, 0, "/42769", LW_ID_MAX, acl);
    start_with(r, 2);
    assert_int_equal(rights(r, 101, "/42769"), 0);
    assert_int_equal(rights(r, 102, "/42769"), LW_RIGHT_C);
    assert_int_equal(rights(r, 102, "/2"), 0); /* ACL-11 */
}

/* ACL-11 */
static void a_rule_is_changed_by_its_owner_alone(void **state)
{
    rig *r = *state;
    static const uint16_t acl[][2] = {{102, LW_RIGHT_R}, {0, 0}};
    add(r, "/42769/0");
    add(r, "/42769/1");
    rule(r, 7, "/42769/0", 101, acl);
    rule(r, 8, "/42769/1", 102, NULL);
    start_with(r, 2);
    assert_int_equal(rights(r, 101, "/2/7"), LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_D);
    assert_int_equal(rights(r, 102, "/2/7"), LW_RIGHT_R);
    assert_int_equal(rights(r, 101, "/2/8"), 0);
    set(r, "/2/7/3", lw_value_integer(102)); /* handed over: at once */
    assert_int_equal(rights(r, 101, "/2/7"), 0);
    assert_int_equal(rights(r, 102, "/2/7"), LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_D);
}

/* ACL-13 */
static void an_account_is_its_servers_own(void **state)
{
    rig *r = *state;
    start_with(r, 2);
    assert_int_equal(rights(r, 101, "/1/0"), ALL);
    assert_int_equal(rights(r, 102, "/1/0") & LW_RIGHT_W, 0);
    assert_int_equal(rights(r, 102, "/1/1"), ALL);
}

/* DM-02 */
static void credentials_are_nobodys(void **state)
{
    rig *r = *state;
    start_with(r, 2);
    assert_int_equal(rights(r, 101, "/0/0"), 0);
    assert_int_equal(rights(r, 101, "/0"), 0);
}

/* ---- Rules come and go ------------------------------------------------------------------------
 */

/* ACL-12: factory data that say nothing */
static void what_the_device_made_may_be_read_by_all(void **state)
{
    rig *r = *state;
    add(r, "/42769/0");
    start_with(r, 2);
    assert_int_equal(rights(r, 101, "/42769/0"), LW_RIGHT_R);
    assert_int_equal(rights(r, 102, "/3/0"), LW_RIGHT_R);
    add(r, "/42769/1"); /* later too */
    assert_int_equal(rights(r, 102, "/42769/1"), LW_RIGHT_R);
}

/* ACL-10 */
static void who_creates_an_instance_owns_it(void **state)
{
    rig *r = *state;
    start_with(r, 2);
    unsigned before = rule_count(r);
    lw_tree *tree = lw_client_tree(r->client);
    lw_path made;
    assert_int_equal(lw_tree_begin(tree), LW_OK);
    assert_int_equal(lw_tree_add(tree, 42769, 3, &made), LW_OK);
    assert_int_equal(lw_rights_created(server(r, 102), made), LW_OK);
    assert_int_equal(lw_tree_commit(tree), LW_OK);
    assert_int_equal(rights(r, 102, "/42769/3"), ALL);
    assert_int_equal(rights(r, 101, "/42769/3"), 0);
    assert_int_equal(rule_count(r), before + 1);
}

/* ACL-10 */
static void a_rule_goes_with_its_instance(void **state)
{
    rig *r = *state;
    add(r, "/42769/0");
    start_with(r, 2);
    unsigned before = rule_count(r);
    remove_(r, "/42769/0");
    assert_int_equal(rule_count(r), before - 1);
}

static void a_rule_that_was_there_stays(void **state)
{
    rig *r = *state;
    static const uint16_t acl[][2] = {{102, ALL}, {0, 0}};
    start_with(r, 2);
    rule(r, 9, "/42769/5", 101, acl); /* for what is still to come */
    add(r, "/42769/5");
    assert_int_equal(rights(r, 102, "/42769/5"), ALL);
}

/* OMA#183, #192, #268, #57: one becomes several */
static void the_old_server_owns_what_it_could_do_with(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 0);
    rig_add_server(r, 101, 86400);
    add(r, "/42769/0");
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(rule_count(r), 0);
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    write_account_102(r);
    finish(r, "2.04");
    rig_pass(r, 0);
    assert_int_equal(rights(r, 101, "/42769/0"), ALL);
    assert_int_equal(rights(r, 102, "/42769/0"), 0);
    assert_int_equal(rights(r, 101, "/3/0"), ALL);
    assert_int_equal(rights(r, 102, "/1/1"), ALL);
    assert_int_equal(rights(r, 101, "/1/1") & LW_RIGHT_W, 0);
}

/* BS-44: the bootstrap says who may do what */
static void rights_written_in_a_bootstrap_hold(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    write_account_102(r);
    command(r, "PUT /2/0", LW_CF_TLV,
            LIT("\xC1\x00\x03\xC1\x01\x00\x86\x02\x41\x65\x05\x41\x66\x01\xC2\x03\xFF\xFF"),
            "4.00");
    command(r, "PUT /2/0", LW_CF_TLV,
            LIT("\xC1\x00\x03\xC1\x01\x00\x86\x02\x41\x65\x05\x41\x66\x01\xC4\x03\x00\x00\xFF\xFF"),
            "2.04");
    finish(r, "2.04");
    rig_pass(r, 0);
    assert_int_equal(rights(r, 101, "/3/0"), LW_RIGHT_R | LW_RIGHT_E);
    assert_int_equal(rights(r, 102, "/3/0"), LW_RIGHT_R);
    assert_int_equal(number_at(r, "/2/0/3"), 65535);
}

/* Three servers would not fit: 101 and 102 know each other, then the bootstrap removes 101. */
static void remove_101(rig *r)
{
    add_bootstrap_server(r, 0);
    start_with(r, 2);
    rig_pass(r, 0);
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    command(r, "DELETE /0/1", NONE, LIT(""), "2.02");
    finish(r, "2.04");
    rig_pass(r, 0);
    assert_null(lw_client_server(r->client, 101));
}

/* BS-53 */
static void who_leaves_takes_along_what_nobody_else_may_touch(void **state)
{
    rig *r = *state;
    add(r, "/42769/0");
    rule(r, 0, "/42769/0", 101, NULL);
    remove_101(r);
    assert_false(exists(r, "/42769/0"));
    assert_false(exists(r, "/2/0"));
    assert_false(exists(r, "/1/0"));
    assert_int_equal(removals, 1);
}

/* What goes is told one by one, and each brings the rules in step: nothing goes or comes twice. */
static void who_leaves_takes_along_all_at_once(void **state)
{
    rig *r = *state;
    static const uint16_t of_102[][2] = {{102, LW_RIGHT_R}, {0, 0}};
    for (uint16_t id = 0; id < 3; id++) {
        char name[16];
        snprintf(name, sizeof name, "/42769/%u", (unsigned)id);
        add(r, name);
        rule(r, id, name, 101, id == 1 ? of_102 : NULL);
    }
    remove_101(r);
    assert_int_equal(removals, 2);
    assert_false(exists(r, "/42769/0"));
    assert_true(exists(r, "/42769/1"));
    assert_false(exists(r, "/42769/2"));
    assert_false(exists(r, "/2/0"));
    assert_int_equal(number_at(r, "/2/1/3"), 102);
    assert_false(exists(r, "/2/2"));
}

static void what_is_not_there_is_not_removed_with_its_rule(void **state)
{
    rig *r = *state;
    rule(r, 0, "/42769/0", 101, NULL);
    remove_101(r);
    assert_false(exists(r, "/2/0"));
    assert_int_equal(removals, 0);
}

/* BS-53, P-ACL-07 */
static void an_heir_takes_over_what_is_shared(void **state)
{
    rig *r = *state;
    static const uint16_t acl[][2] = {{101, ALL}, {102, LW_RIGHT_R | LW_RIGHT_W}, {0, 0}};
    add(r, "/42769/0");
    rule(r, 0, "/42769/0", 101, acl);
    remove_101(r);
    assert_true(exists(r, "/42769/0"));
    assert_int_equal(number_at(r, "/2/0/3"), 102);
    assert_false(exists(r, "/2/0/2/101")); /* P-ACL-06 */
    assert_true(exists(r, "/2/0/2/102"));
}

static void the_device_keeps_its_own_when_a_server_leaves(void **state)
{
    rig *r = *state;
    static const uint16_t create[][2] = {{101, LW_RIGHT_C}, {102, LW_RIGHT_C}, {0, 0}};
    rule(r, 0, "/3/0", 101, NULL);
    rule(r, 1, "/42769", LW_ID_MAX, create);
    remove_101(r);
    assert_true(exists(r, "/3/0"));
    assert_false(exists(r, "/2/0"));
    assert_true(exists(r, "/2/1/2/102"));
    assert_false(exists(r, "/2/1/2/101"));
    assert_int_equal(rights(r, 102, "/3/0"), ALL); /* alone again */
}

/* What fails is undone, and the bootstrap is refused (CLI-04). */
static void a_bootstrap_whose_rights_do_not_fit_is_refused(void **state)
{
    rig *r = *state;
    char request[16];
    start_session(r);
    write_account_101(r);
    write_account_102(r);
    for (unsigned i = 0; i < LW_ACCESS_CONTROLS_MAX; i++) {
        snprintf(request, sizeof request, "PUT /2/%u/0", i);
        command(r, request, LW_CF_TEXT, LIT("9"), "2.04");
    }
    finish(r, "4.06");
    command(r, "DELETE /2", NONE, LIT(""), "2.02");
    finish(r, "2.04");
}

/* ACL-09: a rule that did not fit is a right that nobody has */
static void an_instance_without_room_for_its_rule_is_nobodys(void **state)
{
    rig *r = *state;
    start_with(r, 2);
    for (uint16_t id = 100; rule_count(r) < LW_ACCESS_CONTROLS_MAX; id++) {
        rule(r, id, "/9/0", 101, NULL);
    }
    add(r, "/42769/0");
    assert_int_equal(rights(r, 101, "/42769/0"), 0);
    remove_(r, "/2/100");
    remove_(r, "/2/101");
    add(r, "/42769/1"); /* the next change brings what is missing, when all of it fits */
    assert_int_equal(rights(r, 101, "/42769/0"), LW_RIGHT_R);
}

static void without_the_object_there_is_no_feature(void **state)
{
    (void)state;
    static const lw_object *const without[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                               &lw_device_minimal_object, NULL};
    rig *r = malloc(sizeof *r);
    rig_init(r, &plain);
    lw_client_cfg cfg = r->cfg;
    lw_client *client;
    cfg.objects = without;
    lw_client_fini(r->client);
    assert_int_equal(lw_client_init(&client, &cfg, r->memory, sizeof r->memory), LW_EINVAL);
    free(r);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_server_may_do_everything),
        T(several_servers_have_what_the_rules_give),
        T(creating_needs_a_rule_on_the_object),
        T(a_rule_is_changed_by_its_owner_alone),
        T(an_account_is_its_servers_own),
        T(credentials_are_nobodys),
        T(what_the_device_made_may_be_read_by_all),
        T(who_creates_an_instance_owns_it),
        T(a_rule_goes_with_its_instance),
        T(a_rule_that_was_there_stays),
        T(the_old_server_owns_what_it_could_do_with),
        T(rights_written_in_a_bootstrap_hold),
        T(who_leaves_takes_along_what_nobody_else_may_touch),
        T(who_leaves_takes_along_all_at_once),
        T(what_is_not_there_is_not_removed_with_its_rule),
        T(an_heir_takes_over_what_is_shared),
        T(the_device_keeps_its_own_when_a_server_leaves),
        T(a_bootstrap_whose_rights_do_not_fit_is_refused),
        T(an_instance_without_room_for_its_rule_is_nobodys),
        cmocka_unit_test(without_the_object_there_is_no_feature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
