/* Formats that have only their numbers and uses, as in the table of FMT, and choices among them. */
#ifndef LW_PROTO_FORMATS_FOR_TESTS_H
#define LW_PROTO_FORMATS_FOR_TESTS_H

#include "proto/op.h"

#define ALL_USES                                                                      \
    (LW_FORMAT_STRUCTURED | LW_FORMAT_COMPOSITE | LW_FORMAT_FETCH | LW_FORMAT_PATCH | \
     LW_FORMAT_SEND)

static const lw_format text = {.id = LW_CF_TEXT, .uses = LW_FORMAT_SINGLE, .since = 10};
static const lw_format opaque = {.id = LW_CF_OPAQUE, .uses = LW_FORMAT_SINGLE, .since = 10};
static const lw_format cbor = {.id = LW_CF_CBOR, .uses = LW_FORMAT_SINGLE, .since = 11};
static const lw_format senml_json = {.id = LW_CF_SENML_JSON, .uses = ALL_USES, .since = 11};
static const lw_format senml_cbor = {.id = LW_CF_SENML_CBOR, .uses = ALL_USES, .since = 11};
static const lw_format etch_json = {
    .id = LW_CF_ETCH_JSON, .uses = LW_FORMAT_FETCH | LW_FORMAT_PATCH, .since = 12};
static const lw_format etch_cbor = {
    .id = LW_CF_ETCH_CBOR, .uses = LW_FORMAT_FETCH | LW_FORMAT_PATCH, .since = 12};
static const lw_format tlv = {.id = LW_CF_TLV, .uses = LW_FORMAT_STRUCTURED, .since = 10};
static const lw_format json = {.id = LW_CF_JSON, .uses = LW_FORMAT_STRUCTURED, .since = 10};
static const lw_format lwm2m_cbor = {
    .id = LW_CF_LWM2M_CBOR, .uses = ALL_USES & ~LW_FORMAT_FETCH, .since = 12};

static const lw_format *const every_format[] = {&text,       &opaque,     &cbor,      &senml_json,
                                                &senml_cbor, &etch_json,  &etch_cbor, &tlv,
                                                &json,       &lwm2m_cbor, NULL};

#define CHOICE(v, ...) \
    ((lw_format_choice){.version = LW_VERSION_1_##v, .preferred = LW_CF_NONE, __VA_ARGS__})
#define PREFER(v, cf) ((lw_format_choice){.version = LW_VERSION_1_##v, .preferred = (cf)})
#define SINGLE(v, t)  CHOICE(v, .single = true, .type = LW_TYPE_##t)

#endif
