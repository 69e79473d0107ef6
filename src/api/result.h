/* What came of a request to a device, as JSON: the answer, or the problem that it is. */
#ifndef LW_API_RESULT_H
#define LW_API_RESULT_H

#include "api/answer.h"
#include "api/call.h"
#include "lw/server.h"

/* A request as the engine or the store tells it. Borrowed. */
typedef struct result {
    lw_server_result r;
    lw_time created_at, expires_at; /* 0: not told */
} result;

/* False: the row makes no sense. */
bool result_of_row(const lw_row_request *row, result *out_result);

bool result_has_ended(const lw_server_result *r);
/* Ended well: a code of class 2. */
bool result_is_good(const lw_server_result *r);

/* The object Request. */
void result_write_request(json_out *o, const char *name, const view *v, const result *r);
/* Answers a call with what came of it: 200, or a problem. */
void result_answer(api_call *call, const view *v, const lw_server_result *r);

#endif
