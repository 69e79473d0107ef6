#include "api/objects.h"

#include <stdlib.h>

static bool has(const api_objects *objects, uint16_t id)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (objects->list[i].id == id) {
            return true;
        }
    }
    return false;
}

api_objects *objects_of(const lw_server *server, lw_bytes endpoint)
{
    lw_server_device device;
    if (lw_server_get(server, endpoint, &device) != LW_OK) {
        return NULL;
    }
    size_t room = 16;
    api_objects *objects = malloc(sizeof *objects + room * sizeof *objects->list);
    if (objects == NULL) {
        return NULL;
    }
    objects->count = 0;
    size_t cursor = 0;
    lw_path path;
    lw_object_version version;
    while (objects->count < API_OBJECTS_MAX &&
           lw_server_next_object(&device, &cursor, &path, &version.major, &version.minor)) {
        if (has(objects, lw_path_id(path, LW_LEVEL_OBJECT))) {
            continue;
        }
        if (objects->count == room) {
            room *= 2;
            api_objects *grown = realloc(objects, sizeof *objects + room * sizeof *objects->list);
            if (grown == NULL) {
                break;
            }
            objects = grown;
        }
        objects->list[objects->count++] =
            (struct api_object){lw_path_id(path, LW_LEVEL_OBJECT), version};
    }
    return objects;
}
