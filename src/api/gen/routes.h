/* Made by tools/gen_routes from api/openapi.yaml; do not edit. */
#ifndef LW_API_GEN_ROUTES_H
#define LW_API_GEN_ROUTES_H

#include "api/route.h"

void api_serve_list_devices(api_call *call);
void api_serve_get_device(api_call *call);
void api_serve_forget_device(api_call *call);
void api_serve_read(api_call *call);
void api_serve_write(api_call *call);
void api_serve_execute_or_create(api_call *call);
void api_serve_write_partial(api_call *call);
void api_serve_delete(api_call *call);
void api_serve_discover(api_call *call);
void api_serve_write_attributes(api_call *call);
void api_serve_read_composite(api_call *call);
void api_serve_write_composite(api_call *call);
void api_serve_list_observations(api_call *call);
void api_serve_get_observation(api_call *call);
void api_serve_observe(api_call *call);
void api_serve_unobserve(api_call *call);
void api_serve_list_requests(api_call *call);
void api_serve_get_request(api_call *call);
void api_serve_cancel_request(api_call *call);
void api_serve_get_history(api_call *call);
void api_serve_stream_events(api_call *call);
void api_serve_list_credentials(api_call *call);
void api_serve_get_credential(api_call *call);
void api_serve_put_credential(api_call *call);
void api_serve_delete_credential(api_call *call);
void api_serve_list_models(api_call *call);
void api_serve_upload_model(api_call *call);
void api_serve_get_model(api_call *call);
void api_serve_delete_model(api_call *call);
void api_serve_list_tokens(api_call *call);
void api_serve_create_token(api_call *call);
void api_serve_delete_token(api_call *call);
void api_serve_get_server(api_call *call);
void api_serve_get_openapi(api_call *call);
void api_serve_get_metrics(api_call *call);
void api_serve_get_health(api_call *call);
void api_serve_get_readiness(api_call *call);

#define API_ROUTE_COUNT 37
extern const api_route api_routes[API_ROUTE_COUNT];

/* Extended regular expressions. */
#define API_PATTERN_COUNT 10
extern const char *const api_patterns[API_PATTERN_COUNT];

#endif
