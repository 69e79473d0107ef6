#include "testing/lw_test.h"

#include "coap/signal.h"

static uint8_t buf[300];

static lw_coap_out begin(lw_writer *w)
{
    lw_coap_out out;
    lw_writer_init(w, buf, sizeof buf);
    lw_coap_begin_options(&out, w);
    return out;
}

LW_TEST(csm_says_size_and_block_wise)
{
    lw_writer w;
    lw_coap_out out = begin(&w);
    lw_signal_put_csm(&out, (lw_signal_csm){.max_message_size = 1152, .has_block_wise = true});
    assert_bytes(lw_writer_bytes(&w), "\x22\x04\x80\x20"); /* FMT section 13 */

    lw_signal_csm csm = {0};
    lw_signal_read_csm(lw_writer_bytes(&w), &csm);
    assert_int_equal(csm.max_message_size, 1152);
    assert_true(csm.has_block_wise);
    assert_false(lw_signal_csm_has_bert(csm));
}

LW_TEST(csm_without_options_changes_nothing)
{
    lw_signal_csm csm = lw_signal_csm_base();
    assert_int_equal(csm.max_message_size, 1152);
    assert_false(csm.has_block_wise);
    csm.has_block_wise = true;
    lw_signal_read_csm(lw_bytes_of(NULL, 0), &csm);
    assert_int_equal(csm.max_message_size, 1152);
    assert_true(csm.has_block_wise);
}

LW_TEST(later_csm_overrides_what_it_names)
{
    lw_signal_csm csm = lw_signal_csm_base();
    lw_signal_read_csm((lw_bytes)LW_BYTES_LIT("\x22\x20\x00\x20"), &csm);
    assert_true(lw_signal_csm_has_bert(csm));
    lw_signal_read_csm((lw_bytes)LW_BYTES_LIT("\x22\x04\x80"), &csm);
    assert_true(csm.has_block_wise);
    assert_false(lw_signal_csm_has_bert(csm));
}

LW_TEST(large_messages_without_block_wise_are_no_bert)
{
    assert_false(lw_signal_csm_has_bert((lw_signal_csm){.max_message_size = 8192}));
}

LW_TEST(csm_options_of_a_wrong_length_are_ignored)
{
    lw_signal_csm csm = lw_signal_csm_base();
    lw_signal_read_csm((lw_bytes)LW_BYTES_LIT("\x25\x00\x00\x00\x00\x01\x21\x01"), &csm);
    assert_int_equal(csm.max_message_size, 1152);
    assert_false(csm.has_block_wise);
}

LW_TEST(critical_option_is_not_understood)
{
    uint32_t number = 0;
    assert_ok(lw_signal_check((lw_bytes)LW_BYTES_LIT("\x22\x04\x80\x20\x40"), &number));
    assert_err(lw_signal_check((lw_bytes)LW_BYTES_LIT("\x22\x04\x80\x10\x20"), &number), LW_EPROTO);
    assert_int_equal(number, 3);
}

LW_TEST(ping_may_ask_for_custody)
{
    lw_writer w;
    lw_coap_out out = begin(&w);
    lw_signal_put_custody(&out);
    assert_bytes(lw_writer_bytes(&w), "\x20");
    assert_true(lw_signal_read_custody(lw_writer_bytes(&w)));
    assert_false(lw_signal_read_custody(lw_bytes_of(NULL, 0)));
    assert_false(lw_signal_read_custody((lw_bytes)LW_BYTES_LIT("\x21\x01")));
}

LW_TEST(release_names_another_address_and_a_pause)
{
    lw_writer w;
    lw_coap_out out = begin(&w);
    lw_signal_put_release(&out, (lw_signal_release){LW_BYTES_LIT("h:1"), 300});
    assert_bytes(lw_writer_bytes(&w), "\x23h:1\x22\x01\x2c");
    lw_signal_release r;
    lw_signal_read_release(lw_writer_bytes(&w), &r);
    assert_bytes(r.alternative, "h:1");
    assert_int_equal(r.hold_off_s, 300);
}

LW_TEST(release_may_say_nothing)
{
    lw_writer w;
    lw_coap_out out = begin(&w);
    lw_signal_put_release(&out, (lw_signal_release){0});
    assert_int_equal(w.pos, 0);
    lw_signal_release r;
    lw_signal_read_release(lw_writer_bytes(&w), &r);
    assert_int_equal(r.alternative.len, 0);
    assert_int_equal(r.hold_off_s, 0);
}

LW_TEST(release_that_its_options_cannot_say_is_refused)
{
    lw_writer w;
    lw_coap_out out = begin(&w);
    lw_signal_put_release(&out, (lw_signal_release){.hold_off_s = 1u << 24});
    assert_err(w.err, LW_EINVAL);
    out = begin(&w);
    lw_signal_put_release(&out, (lw_signal_release){.alternative = lw_bytes_of(buf, 256)});
    assert_err(w.err, LW_EINVAL);
}

LW_TEST(release_options_of_a_wrong_length_are_ignored)
{
    lw_signal_release r;
    lw_signal_read_release((lw_bytes)LW_BYTES_LIT("\x44\x00\x00\x00\x01"), &r);
    assert_int_equal(r.hold_off_s, 0);
}

LW_TEST(abort_names_the_option_it_is_about)
{
    lw_writer w;
    lw_coap_out out = begin(&w);
    lw_signal_put_abort(&out, 17);
    assert_bytes(lw_writer_bytes(&w), "\x21\x11");
    uint32_t number;
    assert_true(lw_signal_read_abort(lw_writer_bytes(&w), &number));
    assert_int_equal(number, 17);
    assert_false(lw_signal_read_abort(lw_bytes_of(NULL, 0), &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csm_says_size_and_block_wise),
        cmocka_unit_test(csm_without_options_changes_nothing),
        cmocka_unit_test(later_csm_overrides_what_it_names),
        cmocka_unit_test(large_messages_without_block_wise_are_no_bert),
        cmocka_unit_test(csm_options_of_a_wrong_length_are_ignored),
        cmocka_unit_test(critical_option_is_not_understood),
        cmocka_unit_test(ping_may_ask_for_custody),
        cmocka_unit_test(release_names_another_address_and_a_pause),
        cmocka_unit_test(release_may_say_nothing),
        cmocka_unit_test(release_that_its_options_cannot_say_is_refused),
        cmocka_unit_test(release_options_of_a_wrong_length_are_ignored),
        cmocka_unit_test(abort_names_the_option_it_is_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
