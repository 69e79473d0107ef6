/* What the API said, for people. */
#ifndef LW_APP_LAPWING_SHOW_H
#define LW_APP_LAPWING_SHOW_H

#include "app/lapwing/http.h"
#include "app/lapwing/table.h"

/* The text of a member, or "". */
const char *text_of(const json_t *object, const char *key);
bool flag_of(const json_t *object, const char *key);
long long number_of(const json_t *object, const char *key);

/* A scalar as text, octets of out; numbers in their shortest form. Returns out. */
#define SHOW_TEXT_MAX 512
const char *show_scalar(const json_t *value, char out[SHOW_TEXT_MAX]);

/* "12 s ago" of an RFC 3339 time; "" of none. */
const char *show_age(const char *time, char out[SHOW_TEXT_MAX]);

/* The document as it came, one line. */
void show_json(const json_t *document);

/* A call that worked: its document with --json, and true: nothing is left to do. */
bool show_raw(const cli *c, const answer *a);

/* Values with name and unit; of an Answer or an event. */
void show_values(const cli *c, const json_t *values);

/* What a device answered: values, links, a created path, or its code. */
void show_answer(const cli *c, const json_t *said);

/* A problem document on stderr; the status that goes with it. `code` is that of HTTP. */
status show_problem(const cli *c, long code, const json_t *problem);

/* http_call, and show_problem when the server refused: STATUS_OK means a code below 400. */
status api_call(const cli *c, http *h, const call *what, answer *out_answer);
status api_get(const cli *c, http *h, const char *path, answer *out_answer);

/* Sends a document, which is freed; NULL: no body. */
status api_send(const cli *c, http *h, const char *method, const char *path, json_t *body,
                answer *out_answer);

#endif
