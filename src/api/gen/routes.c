/* Made by tools/gen_routes from api/openapi.yaml; do not edit. */
#include "api/gen/routes.h"

/* clang-format off */
const char *const api_patterns[API_PATTERN_COUNT] = {
    "^(online|asleep|offline)(,(online|asleep|offline)){0,2}$",
    "^[0-9]{1,5}(/[0-9]{1,5}){0,3}$",
    "^(text|opaque|cbor|senml-json|senml-cbor|etch-json|etch-cbor|tlv|json|lwm2m-cbor)$",
    "^[0-9]{1,5}(/[0-9]{1,5}){0,3}(,[0-9]{1,5}(/[0-9]{1,5}){0,3})*$",
    "^[0-9]{1,20}$",
    "^(oldest|newest)$",
    "^((registered|updated|deregistered|expired|refused|awake|asleep|notification|send|observed|unobserved|bad_payload|request|progress|removed|lost)(,|$))+$",
    "^[0-9]{1,19}$",
    "^(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})$",
    "^[A-Za-z0-9._-]{1,64}$",
};

static const api_param list_devices_params[] = {
    {"limit", API_IN_QUERY, 0, false, API_INTEGER, 1, 1000, -1},
    {"cursor", API_IN_QUERY, 0, false, API_TEXT, 1, 1024, -1},
    {"q", API_IN_QUERY, 0, false, API_TEXT, 1, 255, -1},
    {"state", API_IN_QUERY, 0, false, API_TEXT, 0, 4096, 0},
    {"object", API_IN_QUERY, 0, false, API_INTEGER, 0, 65534, -1},
};

static const api_param get_device_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
};

static const api_param forget_device_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
};

static const api_param read_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"path", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 1},
    {"format", API_IN_QUERY, 0, false, API_TEXT, 0, 4096, 2},
    {"timeout", API_IN_QUERY, 0, false, API_INTEGER, 1, 86400, -1},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
    {"async", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
    {"expires", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"force", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
};

static const api_param write_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"path", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 1},
    {"format", API_IN_QUERY, 0, false, API_TEXT, 0, 4096, 2},
    {"timeout", API_IN_QUERY, 0, false, API_INTEGER, 1, 86400, -1},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
    {"async", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
    {"expires", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"force", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
};

static const api_param execute_or_create_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"path", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 1},
    {"format", API_IN_QUERY, 0, false, API_TEXT, 0, 4096, 2},
    {"timeout", API_IN_QUERY, 0, false, API_INTEGER, 1, 86400, -1},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
    {"async", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
    {"expires", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"force", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
};

static const api_param write_partial_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"path", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 1},
    {"format", API_IN_QUERY, 0, false, API_TEXT, 0, 4096, 2},
    {"timeout", API_IN_QUERY, 0, false, API_INTEGER, 1, 86400, -1},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
    {"async", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
    {"expires", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"force", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
};

static const api_param delete_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"path", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 1},
    {"timeout", API_IN_QUERY, 0, false, API_INTEGER, 1, 86400, -1},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
    {"async", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
    {"expires", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"force", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
};

static const api_param discover_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"path", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 1},
    {"depth", API_IN_QUERY, 0, false, API_INTEGER, 0, 3, -1},
    {"timeout", API_IN_QUERY, 0, false, API_INTEGER, 1, 86400, -1},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
    {"async", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
    {"expires", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"force", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
};

static const api_param write_attributes_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"path", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 1},
    {"timeout", API_IN_QUERY, 0, false, API_INTEGER, 1, 86400, -1},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
    {"async", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
    {"expires", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"force", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
};

static const api_param read_composite_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"format", API_IN_QUERY, 0, false, API_TEXT, 0, 4096, 2},
    {"timeout", API_IN_QUERY, 0, false, API_INTEGER, 1, 86400, -1},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
    {"async", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
    {"expires", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"force", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
};

static const api_param write_composite_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"format", API_IN_QUERY, 0, false, API_TEXT, 0, 4096, 2},
    {"timeout", API_IN_QUERY, 0, false, API_INTEGER, 1, 86400, -1},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
    {"async", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
    {"expires", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"force", API_IN_QUERY, 0, false, API_BOOLEAN, 0, 0, -1},
};

static const api_param list_observations_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
};

static const api_param get_observation_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"paths", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 3},
};

static const api_param observe_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"paths", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 3},
};

static const api_param unobserve_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"paths", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 3},
};

static const api_param list_requests_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"limit", API_IN_QUERY, 0, false, API_INTEGER, 1, 1000, -1},
    {"cursor", API_IN_QUERY, 0, false, API_TEXT, 1, 1024, -1},
};

static const api_param get_request_params[] = {
    {"id", API_IN_PATH, 2, false, API_TEXT, 0, 4096, 4},
    {"wait", API_IN_QUERY, 0, false, API_INTEGER, 0, 300, -1},
};

static const api_param cancel_request_params[] = {
    {"id", API_IN_PATH, 2, false, API_TEXT, 0, 4096, 4},
};

static const api_param get_history_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
    {"path", API_IN_PATH, 4, true, API_TEXT, 0, 4096, 1},
    {"from", API_IN_QUERY, 0, false, API_TIME, 0, 0, -1},
    {"to", API_IN_QUERY, 0, false, API_TIME, 0, 0, -1},
    {"limit", API_IN_QUERY, 0, false, API_INTEGER, 1, 10000, -1},
    {"step", API_IN_QUERY, 0, false, API_INTEGER, 1, 31622400, -1},
    {"order", API_IN_QUERY, 0, false, API_TEXT, 0, 4096, 5},
};

static const api_param stream_events_params[] = {
    {"device", API_IN_QUERY, 0, false, API_TEXT, 1, 255, -1},
    {"type", API_IN_QUERY, 0, false, API_TEXT, 0, 255, 6},
    {"after", API_IN_QUERY, 0, false, API_INTEGER, 0, INT64_MAX, -1},
    {"Last-Event-ID", API_IN_HEADER, 0, false, API_TEXT, 0, 4096, 7},
};

static const api_param list_credentials_params[] = {
    {"limit", API_IN_QUERY, 0, false, API_INTEGER, 1, 1000, -1},
    {"cursor", API_IN_QUERY, 0, false, API_TEXT, 1, 1024, -1},
};

static const api_param get_credential_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
};

static const api_param put_credential_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
};

static const api_param delete_credential_params[] = {
    {"endpoint", API_IN_PATH, 2, false, API_TEXT, 1, 255, -1},
};

static const api_param get_model_params[] = {
    {"object", API_IN_PATH, 2, false, API_INTEGER, 0, 65534, -1},
    {"version", API_IN_PATH, 3, false, API_TEXT, 0, 4096, 8},
};

static const api_param delete_model_params[] = {
    {"object", API_IN_PATH, 2, false, API_INTEGER, 0, 65534, -1},
    {"version", API_IN_PATH, 3, false, API_TEXT, 0, 4096, 8},
};

static const api_param delete_token_params[] = {
    {"name", API_IN_PATH, 2, false, API_TEXT, 0, 4096, 9},
};

const api_route api_routes[API_ROUTE_COUNT] = {
    {LW_HTTP_GET, API_VIEWER, "/v1/devices", {"v1", "devices"}, 2, false,
     list_devices_params, 5, 0, NULL, false, api_serve_list_devices},
    {LW_HTTP_GET, API_VIEWER, "/v1/devices/{endpoint}", {"v1", "devices", NULL}, 3, false,
     get_device_params, 1, 0, NULL, false, api_serve_get_device},
    {LW_HTTP_DELETE, API_OPERATOR, "/v1/devices/{endpoint}", {"v1", "devices", NULL}, 3, false,
     forget_device_params, 1, 0, NULL, false, api_serve_forget_device},
    {LW_HTTP_GET, API_VIEWER, "/v1/devices/{endpoint}/resources/{path}", {"v1", "devices", NULL, "resources", NULL}, 5, true,
     read_params, 8, 0, NULL, false, api_serve_read},
    {LW_HTTP_PUT, API_OPERATOR, "/v1/devices/{endpoint}/resources/{path}", {"v1", "devices", NULL, "resources", NULL}, 5, true,
     write_params, 8, 16777216, "application/json", true, api_serve_write},
    {LW_HTTP_POST, API_OPERATOR, "/v1/devices/{endpoint}/resources/{path}", {"v1", "devices", NULL, "resources", NULL}, 5, true,
     execute_or_create_params, 8, 16777216, "application/json", false, api_serve_execute_or_create},
    {LW_HTTP_PATCH, API_OPERATOR, "/v1/devices/{endpoint}/resources/{path}", {"v1", "devices", NULL, "resources", NULL}, 5, true,
     write_partial_params, 8, 16777216, "application/json", true, api_serve_write_partial},
    {LW_HTTP_DELETE, API_OPERATOR, "/v1/devices/{endpoint}/resources/{path}", {"v1", "devices", NULL, "resources", NULL}, 5, true,
     delete_params, 7, 0, NULL, false, api_serve_delete},
    {LW_HTTP_GET, API_VIEWER, "/v1/devices/{endpoint}/discover/{path}", {"v1", "devices", NULL, "discover", NULL}, 5, true,
     discover_params, 8, 0, NULL, false, api_serve_discover},
    {LW_HTTP_PUT, API_OPERATOR, "/v1/devices/{endpoint}/attributes/{path}", {"v1", "devices", NULL, "attributes", NULL}, 5, true,
     write_attributes_params, 7, 16384, "application/json", true, api_serve_write_attributes},
    {LW_HTTP_POST, API_VIEWER, "/v1/devices/{endpoint}/composite/read", {"v1", "devices", NULL, "composite", "read"}, 5, false,
     read_composite_params, 7, 65536, "application/json", true, api_serve_read_composite},
    {LW_HTTP_POST, API_OPERATOR, "/v1/devices/{endpoint}/composite/write", {"v1", "devices", NULL, "composite", "write"}, 5, false,
     write_composite_params, 7, 16777216, "application/json", true, api_serve_write_composite},
    {LW_HTTP_GET, API_VIEWER, "/v1/devices/{endpoint}/observations", {"v1", "devices", NULL, "observations"}, 4, false,
     list_observations_params, 1, 0, NULL, false, api_serve_list_observations},
    {LW_HTTP_GET, API_VIEWER, "/v1/devices/{endpoint}/observations/{paths}", {"v1", "devices", NULL, "observations", NULL}, 5, true,
     get_observation_params, 2, 0, NULL, false, api_serve_get_observation},
    {LW_HTTP_PUT, API_OPERATOR, "/v1/devices/{endpoint}/observations/{paths}", {"v1", "devices", NULL, "observations", NULL}, 5, true,
     observe_params, 2, 16384, "application/json", false, api_serve_observe},
    {LW_HTTP_DELETE, API_OPERATOR, "/v1/devices/{endpoint}/observations/{paths}", {"v1", "devices", NULL, "observations", NULL}, 5, true,
     unobserve_params, 2, 0, NULL, false, api_serve_unobserve},
    {LW_HTTP_GET, API_VIEWER, "/v1/devices/{endpoint}/requests", {"v1", "devices", NULL, "requests"}, 4, false,
     list_requests_params, 3, 0, NULL, false, api_serve_list_requests},
    {LW_HTTP_GET, API_VIEWER, "/v1/requests/{id}", {"v1", "requests", NULL}, 3, false,
     get_request_params, 2, 0, NULL, false, api_serve_get_request},
    {LW_HTTP_DELETE, API_OPERATOR, "/v1/requests/{id}", {"v1", "requests", NULL}, 3, false,
     cancel_request_params, 1, 0, NULL, false, api_serve_cancel_request},
    {LW_HTTP_GET, API_VIEWER, "/v1/devices/{endpoint}/history/{path}", {"v1", "devices", NULL, "history", NULL}, 5, true,
     get_history_params, 7, 0, NULL, false, api_serve_get_history},
    {LW_HTTP_GET, API_VIEWER, "/v1/events", {"v1", "events"}, 2, false,
     stream_events_params, 4, 0, NULL, false, api_serve_stream_events},
    {LW_HTTP_GET, API_ADMIN, "/v1/credentials", {"v1", "credentials"}, 2, false,
     list_credentials_params, 2, 0, NULL, false, api_serve_list_credentials},
    {LW_HTTP_GET, API_ADMIN, "/v1/credentials/{endpoint}", {"v1", "credentials", NULL}, 3, false,
     get_credential_params, 1, 0, NULL, false, api_serve_get_credential},
    {LW_HTTP_PUT, API_ADMIN, "/v1/credentials/{endpoint}", {"v1", "credentials", NULL}, 3, false,
     put_credential_params, 1, 65536, "application/json", true, api_serve_put_credential},
    {LW_HTTP_DELETE, API_ADMIN, "/v1/credentials/{endpoint}", {"v1", "credentials", NULL}, 3, false,
     delete_credential_params, 1, 0, NULL, false, api_serve_delete_credential},
    {LW_HTTP_GET, API_VIEWER, "/v1/models", {"v1", "models"}, 2, false,
     NULL, 0, 0, NULL, false, api_serve_list_models},
    {LW_HTTP_POST, API_ADMIN, "/v1/models", {"v1", "models"}, 2, false,
     NULL, 0, 4194304, "application/xml", true, api_serve_upload_model},
    {LW_HTTP_GET, API_VIEWER, "/v1/models/{object}/{version}", {"v1", "models", NULL, NULL}, 4, false,
     get_model_params, 2, 0, NULL, false, api_serve_get_model},
    {LW_HTTP_DELETE, API_ADMIN, "/v1/models/{object}/{version}", {"v1", "models", NULL, NULL}, 4, false,
     delete_model_params, 2, 0, NULL, false, api_serve_delete_model},
    {LW_HTTP_GET, API_ADMIN, "/v1/tokens", {"v1", "tokens"}, 2, false,
     NULL, 0, 0, NULL, false, api_serve_list_tokens},
    {LW_HTTP_POST, API_ADMIN, "/v1/tokens", {"v1", "tokens"}, 2, false,
     NULL, 0, 16384, "application/json", true, api_serve_create_token},
    {LW_HTTP_DELETE, API_ADMIN, "/v1/tokens/{name}", {"v1", "tokens", NULL}, 3, false,
     delete_token_params, 1, 0, NULL, false, api_serve_delete_token},
    {LW_HTTP_GET, API_VIEWER, "/v1/server", {"v1", "server"}, 2, false,
     NULL, 0, 0, NULL, false, api_serve_get_server},
    {LW_HTTP_GET, API_VIEWER, "/v1/openapi.yaml", {"v1", "openapi.yaml"}, 2, false,
     NULL, 0, 0, NULL, false, api_serve_get_openapi},
    {LW_HTTP_GET, API_VIEWER, "/metrics", {"metrics"}, 1, false,
     NULL, 0, 0, NULL, false, api_serve_get_metrics},
    {LW_HTTP_GET, API_NONE, "/healthz", {"healthz"}, 1, false,
     NULL, 0, 0, NULL, false, api_serve_get_health},
    {LW_HTTP_GET, API_NONE, "/readyz", {"readyz"}, 1, false,
     NULL, 0, 0, NULL, false, api_serve_get_readiness},
};
