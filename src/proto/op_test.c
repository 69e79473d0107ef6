/* The tables of protocol.md section 15, and formats.md section 16. */
#include "proto/op.h"

#include <stdio.h>

#include "proto/formats_for_tests.h"
#include "testing/lw_test.h"

LW_TEST(levels_depend_on_operation_and_version)
{
    assert_true(lw_op_has_level(LW_OP_DELETE, 4, LW_VERSION_1_2));
    assert_false(lw_op_has_level(LW_OP_READ_COMPOSITE, 0, LW_VERSION_1_0));
    assert_false(lw_op_has_level(LW_OP_READ, 5, LW_VERSION_1_2));
}

LW_TEST(p_dm_05_post_to_a_resource_is_decided_by_its_definition)
{
    lw_resource_def multiple = {.ops = LW_OP_R | LW_OP_W, .flags = LW_DEF_MULTIPLE};
    lw_resource_def single = {.ops = LW_OP_R | LW_OP_W};
    lw_resource_def read_only = {.ops = LW_OP_R, .flags = LW_DEF_MULTIPLE};
    lw_resource_def executable = {.ops = LW_OP_E};
    assert_int_equal(lw_op_of_resource_post(&multiple), LW_OP_WRITE_PARTIAL);
    assert_int_equal(lw_op_of_resource_post(&single), LW_OP_EXECUTE);
    assert_int_equal(lw_op_of_resource_post(&read_only), LW_OP_EXECUTE);
    assert_int_equal(lw_op_of_resource_post(&executable), LW_OP_EXECUTE);
    assert_int_equal(lw_op_of_resource_post(NULL), LW_OP_EXECUTE);
}

/* ---- Codes ---------------------------------------------------------------------------------- */

static const uint8_t codes[] = {
    LW_COAP_CREATED,
    LW_COAP_DELETED,
    LW_COAP_CHANGED,
    LW_COAP_CONTENT,
    LW_COAP_CONTINUE,
    LW_COAP_BAD_REQUEST,
    LW_COAP_FORBIDDEN,
    LW_COAP_NOT_FOUND,
    LW_COAP_CONFLICT,
    LW_COAP_METHOD_NOT_ALLOWED,
    LW_COAP_NOT_ACCEPTABLE,
    LW_COAP_REQUEST_ENTITY_INCOMPLETE,
    LW_COAP_PRECONDITION_FAILED,
    LW_COAP_REQUEST_ENTITY_TOO_LARGE,
    LW_COAP_UNSUPPORTED_CONTENT_FORMAT,
    LW_COAP_INTERNAL_SERVER_ERROR,
};

/* All codes of `codes` that may answer, as "2.04 4.00 …"; 4.01 is always legal, 5.xx too. */
static const char *legal(lw_op op)
{
    static char list[128];
    size_t len = 0;
    for (size_t i = 0; i < sizeof codes; i++) {
        if (lw_op_may_answer(op, codes[i]) && codes[i] != LW_COAP_INTERNAL_SERVER_ERROR) {
            lw_coap_code_format(codes[i], list + len);
            len += 4;
            list[len++] = ' ';
        }
    }
    list[len > 0 ? len - 1 : 0] = '\0';
    assert_true(lw_op_may_answer(op, LW_COAP_UNAUTHORIZED));
    assert_true(lw_op_may_answer(op, LW_COAP_BAD_OPTION));
    assert_true(lw_op_may_answer(op, LW_COAP_INTERNAL_SERVER_ERROR));
    return list;
}

LW_TEST(dm_04_only_listed_codes_answer)
{
    /* 2.31, 4.08 and 4.13 come with every body: they belong to block-wise transfer */
    assert_string_equal(legal(LW_OP_BS_REQUEST), "2.04 4.00 4.15");
    assert_string_equal(legal(LW_OP_BS_PACK_REQUEST), "2.05 4.00 4.04 4.05 4.06");
    assert_string_equal(legal(LW_OP_BS_DISCOVER), "2.05 4.00 4.04");
    assert_string_equal(legal(LW_OP_BS_READ), "2.05 4.00 4.04 4.05 4.06");
    assert_string_equal(legal(LW_OP_BS_WRITE), "2.04 2.31 4.00 4.08 4.13 4.15");
    assert_string_equal(legal(LW_OP_BS_DELETE), "2.02 4.00");
    assert_string_equal(legal(LW_OP_BS_FINISH), "2.04 4.00 4.06");
    assert_string_equal(legal(LW_OP_REGISTER), "2.01 2.31 4.00 4.03 4.09 4.08 4.12 4.13");
    assert_string_equal(legal(LW_OP_UPDATE), "2.04 2.31 4.00 4.04 4.08 4.13");
    assert_string_equal(legal(LW_OP_DEREGISTER), "2.02 4.00 4.04");
    assert_string_equal(legal(LW_OP_READ), "2.05 4.00 4.04 4.05 4.06");
    assert_string_equal(legal(LW_OP_DISCOVER), "2.05 4.00 4.04 4.05");
    assert_string_equal(legal(LW_OP_WRITE), "2.04 2.31 4.00 4.04 4.05 4.06 4.08 4.13 4.15");
    assert_string_equal(legal(LW_OP_WRITE_PARTIAL), "2.04 2.31 4.00 4.04 4.05 4.06 4.08 4.13 4.15");
    assert_string_equal(legal(LW_OP_WRITE_ATTRIBUTES), "2.04 4.00 4.04 4.05");
    assert_string_equal(legal(LW_OP_EXECUTE), "2.04 2.31 4.00 4.04 4.05 4.08 4.13");
    assert_string_equal(legal(LW_OP_CREATE), "2.01 2.31 4.00 4.04 4.05 4.06 4.08 4.13 4.15");
    assert_string_equal(legal(LW_OP_DELETE), "2.02 4.00 4.04 4.05");
    assert_string_equal(legal(LW_OP_READ_COMPOSITE),
                        "2.05 2.31 4.00 4.04 4.05 4.06 4.08 4.13 4.15");
    assert_string_equal(legal(LW_OP_WRITE_COMPOSITE),
                        "2.04 2.31 4.00 4.04 4.05 4.06 4.08 4.13 4.15");
    assert_string_equal(legal(LW_OP_OBSERVE), "2.05 4.00 4.04 4.05 4.06");
    assert_string_equal(legal(LW_OP_CANCEL), "2.05 4.00 4.04 4.05 4.06");
    assert_string_equal(legal(LW_OP_OBSERVE_COMPOSITE),
                        "2.05 2.31 4.00 4.04 4.05 4.06 4.08 4.13 4.15");
    assert_string_equal(legal(LW_OP_CANCEL_COMPOSITE),
                        "2.05 2.31 4.00 4.04 4.05 4.06 4.08 4.13 4.15");
    assert_string_equal(legal(LW_OP_SEND), "2.04 2.31 4.00 4.04 4.08 4.13");
}

LW_TEST(every_error_becomes_a_code_that_is_legal_for_the_operation)
{
    for (unsigned op = 0; op < LW_OP_COUNT; op++) {
        for (int err = LW_OK; err <= LW_EIO; err++) {
            uint8_t code = lw_op_code((lw_op)op, (lw_err)err);
            assert_true(lw_op_may_answer((lw_op)op, code));
            assert_true((err == LW_OK) == (lw_coap_code_class(code) == 2));
        }
    }
}

static const char *code_of(lw_op op, lw_err err)
{
    static char code_text[5];
    lw_coap_code_format(lw_op_code(op, err), code_text);
    return code_text;
}

LW_TEST(errors_have_their_codes)
{
    assert_string_equal(code_of(LW_OP_READ, LW_OK), "2.05");
    assert_string_equal(code_of(LW_OP_CREATE, LW_OK), "2.01");
    assert_string_equal(code_of(LW_OP_DELETE, LW_OK), "2.02"); /* P-DM-15 */
    assert_string_equal(code_of(LW_OP_WRITE, LW_ERANGE), "4.00");
    assert_string_equal(code_of(LW_OP_CREATE, LW_EEXISTS), "4.00"); /* DM-72 */
    assert_string_equal(code_of(LW_OP_READ, LW_EDENIED), "4.01");
    assert_string_equal(code_of(LW_OP_READ, LW_ENOTFOUND), "4.04");
    assert_string_equal(code_of(LW_OP_EXECUTE, LW_EMETHOD), "4.05");
    assert_string_equal(code_of(LW_OP_READ, LW_ENOTSUP), "4.06");
    assert_string_equal(code_of(LW_OP_WRITE, LW_ENOTSUP), "4.15");
    assert_string_equal(code_of(LW_OP_WRITE, LW_ETOOBIG), "4.13");
    assert_string_equal(code_of(LW_OP_READ, LW_ETOOBIG), "5.00");
    assert_string_equal(code_of(LW_OP_READ, LW_ESTATE), "5.03");
    assert_string_equal(code_of(LW_OP_READ, LW_EIO), "5.00");
    assert_string_equal(code_of(LW_OP_BS_FINISH, LW_ENOTSUP), "4.06");  /* BS-35 */
    assert_string_equal(code_of(LW_OP_BS_WRITE, LW_ENOTFOUND), "4.00"); /* BS-28, BS-30 */
    assert_string_equal(code_of(LW_OP_EXECUTE, LW_ENOTSUP), "4.00");    /* P-DM-16 */
    assert_string_equal(code_of(LW_OP_SEND, LW_ENOTSUP), "4.00");       /* OBS-32 */
    assert_string_equal(code_of(LW_OP_SEND, LW_ENOTFOUND), "4.04");
    assert_string_equal(code_of(LW_OP_READ_COMPOSITE, LW_ENOTSUP), "4.06");
    assert_string_equal(code_of(LW_OP_READ_COMPOSITE, LW_EFORMAT), "4.00");
    assert_string_equal(code_of(LW_OP_CREATE, LW_ETOOBIG), "4.13"); /* not listed: block-wise */
}

LW_TEST(octets_are_at_fault_only_where_a_request_has_some)
{
    const lw_err faults[] = {LW_EFORMAT, LW_ETYPE, LW_ERANGE, LW_ETOOBIG, LW_EDEPTH, LW_EPROTO};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        assert_string_equal(code_of(LW_OP_READ, faults[i]), "5.00");
        assert_string_equal(code_of(LW_OP_OBSERVE, faults[i]), "5.00");
        assert_string_equal(code_of(LW_OP_DISCOVER, faults[i]), "5.00");
        assert_int_equal(lw_coap_code_class(lw_op_code(LW_OP_WRITE, faults[i])), 4);
        assert_int_equal(lw_coap_code_class(lw_op_code(LW_OP_EXECUTE, faults[i])), 4);
    }
    assert_string_equal(code_of(LW_OP_WRITE_ATTRIBUTES, LW_EINVAL), "4.00"); /* its query */
}

LW_TEST(trn_02_only_execute_and_send_may_be_non)
{
    for (unsigned op = 0; op < LW_OP_COUNT; op++) {
        bool expected = op == LW_OP_EXECUTE || op == LW_OP_SEND;
        assert_int_equal(lw_op_rule_of((lw_op)op)->may_be_non, expected);
    }
}

LW_TEST(every_operation_has_a_name)
{
    for (unsigned op = 0; op < LW_OP_COUNT; op++) {
        assert_true(strlen(lw_op_name((lw_op)op)) > 3);
    }
    assert_string_equal(lw_op_name(LW_OP_COUNT), "");
}

/* ---- Formats (formats.md section 16, the table of FMT) -------------------------------------- */

typedef const lw_format *order_of(lw_op op, const lw_format_choice *choice,
                                  const lw_format *refused);

/* What a sender tries, one after the other, as "112 11544 …". */
static const char *order(order_of *next, lw_op op, lw_format_choice choice)
{
    static char list[80];
    size_t len = 0;
    choice.formats = every_format;
    list[0] = '\0';
    const lw_format *format = NULL;
    while ((format = next(op, &choice, format)) != NULL) {
        len += (size_t)snprintf(list + len, sizeof list - len, len > 0 ? " %u" : "%u",
                                (unsigned)format->id);
    }
    return list;
}

LW_TEST(the_default_formats_of_answers_follow_the_version)
{
    order_of *next = lw_op_answer_format;
    assert_string_equal(order(next, LW_OP_READ, SINGLE(0, INTEGER)), "0 11542 11543");
    assert_string_equal(order(next, LW_OP_READ, SINGLE(0, OPAQUE)), "42 0 11542 11543");
    assert_string_equal(order(next, LW_OP_READ, SINGLE(1, INTEGER)), "112 110 0 60 11542");
    assert_string_equal(order(next, LW_OP_READ, SINGLE(2, OPAQUE)), "112 11544 110 42 0 60 11542");
    assert_string_equal(order(next, LW_OP_OBSERVE, CHOICE(0)), "11542 11543");
    assert_string_equal(order(next, LW_OP_READ, CHOICE(1)), "112 110 11542");
    assert_string_equal(order(next, LW_OP_READ, CHOICE(2)), "112 11544 110 11542");
    assert_string_equal(order(next, LW_OP_READ, PREFER(2, LW_CF_LWM2M_CBOR)),
                        "11544 112 110 11542");
    assert_string_equal(order(next, LW_OP_READ_COMPOSITE, CHOICE(1)), "112 110");
    assert_string_equal(order(next, LW_OP_OBSERVE_COMPOSITE, CHOICE(2)), "112 11544 110");
    assert_string_equal(order(next, LW_OP_BS_READ, CHOICE(1)), "112 110 11542");
    assert_string_equal(order(next, LW_OP_BS_PACK_REQUEST, CHOICE(2)), "112 11544 110");
    assert_string_equal(order(next, LW_OP_WRITE, CHOICE(2)), "");
}

LW_TEST(the_default_formats_of_bodies_follow_the_version)
{
    order_of *next = lw_op_body_format;
    assert_string_equal(order(next, LW_OP_WRITE, SINGLE(0, STRING)), "0 11542 11543");
    assert_string_equal(order(next, LW_OP_WRITE, SINGLE(1, OPAQUE)), "42 0 60 112 110 11542");
    assert_string_equal(order(next, LW_OP_WRITE, SINGLE(2, INTEGER)), "0 60 112 11544 110 11542");
    assert_string_equal(order(next, LW_OP_WRITE, CHOICE(0)), "11542 11543");
    assert_string_equal(order(next, LW_OP_WRITE, CHOICE(1)), "112 110 11542");
    assert_string_equal(order(next, LW_OP_CREATE, CHOICE(2)), "112 11544 110 11542");
    assert_string_equal(order(next, LW_OP_WRITE_PARTIAL, SINGLE(1, INTEGER)), "112 110 11542");
    assert_string_equal(order(next, LW_OP_READ_COMPOSITE, CHOICE(1)), "112 110");
    assert_string_equal(order(next, LW_OP_READ_COMPOSITE, CHOICE(2)), "112 322 110 320");
    assert_string_equal(order(next, LW_OP_WRITE_COMPOSITE, CHOICE(2)), "112 322 11544 110 320");
    assert_string_equal(order(next, LW_OP_SEND, CHOICE(1)), "112 110");
    assert_string_equal(order(next, LW_OP_SEND, CHOICE(2)), "112 11544 110");
    assert_string_equal(order(next, LW_OP_BS_WRITE, CHOICE(2)), "11542 112 110 11544");
    assert_string_equal(order(next, LW_OP_BS_WRITE, PREFER(2, LW_CF_SENML_CBOR)),
                        "112 11542 110 11544"); /* pct */
    assert_string_equal(order(next, LW_OP_BS_WRITE, CHOICE(0)), "11542 11543");
    assert_string_equal(order(next, LW_OP_WRITE, PREFER(1, LW_CF_TLV_DRAFT)), "11542 112 110");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_depend_on_operation_and_version),
        cmocka_unit_test(p_dm_05_post_to_a_resource_is_decided_by_its_definition),
        cmocka_unit_test(dm_04_only_listed_codes_answer),
        cmocka_unit_test(every_error_becomes_a_code_that_is_legal_for_the_operation),
        cmocka_unit_test(errors_have_their_codes),
        cmocka_unit_test(octets_are_at_fault_only_where_a_request_has_some),
        cmocka_unit_test(trn_02_only_execute_and_send_may_be_non),
        cmocka_unit_test(every_operation_has_a_name),
        cmocka_unit_test(the_default_formats_of_answers_follow_the_version),
        cmocka_unit_test(the_default_formats_of_bodies_follow_the_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
