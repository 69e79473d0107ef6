#include "coap/echo.h"

static bool is_younger(const lw_coap_echo *echo, lw_time now, lw_time age)
{
    return echo->is_set && now <= lw_time_add(echo->at, age);
}

bool lw_coap_echo_is_fresh(const lw_coap_echo *echo, const lw_coap_inbound *in, lw_time max_age_ms)
{
    lw_bytes value;
    return is_younger(echo, in->now, max_age_ms) &&
           lw_coap_opt_find(&in->msg->options, LW_COAP_OPT_ECHO, &value) &&
           lw_bytes_equal(value, lw_bytes_of(echo->value, sizeof echo->value));
}

void lw_coap_echo_demand(lw_coap *coap, lw_coap_echo *echo, const lw_coap_inbound *in,
                         lw_time max_age_ms, lw_coap_reply *reply)
{
    if (!is_younger(echo, in->now, max_age_ms / 2)) {
        coap->config.rng.fill(coap->config.rng.ctx, echo->value, sizeof echo->value);
        echo->at = in->now;
        echo->is_set = true;
    }
    reply->code = LW_COAP_UNAUTHORIZED;
    lw_coap_insert_octets(&reply->options, LW_COAP_OPT_ECHO, echo->value, sizeof echo->value);
}
