/* A Register or an Update whose parameters stand in a structure, as those that are parsed do. */
#ifndef LW_PROTO_REGISTER_FOR_TESTS_H
#define LW_PROTO_REGISTER_FOR_TESTS_H

#include "proto/register.h"

#include <stdio.h>

/* `location` NULL: a Register. */
static inline void put_registration(lw_coap_out *out, const lw_location *location,
                                    const lw_registration *reg)
{
    char endpoint[LW_QUERY_MAX + 1];
    bool has_queue = (reg->given & LW_REG_QUEUE) != 0;
    bool has_letter = lw_version_has(reg->version, LW_FEATURE_QUEUE_IN_BINDING);
    lw_registration_begin(out, location, (reg->given & LW_REG_LIST) != 0);
    if ((reg->given & LW_REG_ENDPOINT) != 0) {
        snprintf(endpoint, sizeof endpoint, "%.*s", (int)reg->endpoint.len,
                 (const char *)reg->endpoint.ptr);
        lw_query_put(out, "ep=", endpoint);
    }
    if ((reg->given & LW_REG_LIFETIME) != 0) {
        lw_query_put_number(out, "lt=", reg->lifetime);
    }
    if ((reg->given & LW_REG_VERSION) != 0) {
        lw_query_put(out, "lwm2m=", lw_version_text(reg->version));
    }
    if ((reg->given & LW_REG_BINDING) != 0) {
        lw_binding_put(out, reg->binding, has_queue && has_letter);
    }
    if (has_queue && !has_letter) {
        lw_query_put(out, "Q", "");
    }
    lw_registration_put_more(out, reg);
}

#endif
