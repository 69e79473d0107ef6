/* Values of the tree as text, as people type and read them: strings as they are, numbers in
 * decimal, true and false, opaques in hexadecimal, times as seconds or RFC 3339, links as 66:0. */
#ifndef LW_APP_DEVICE_VALUES_H
#define LW_APP_DEVICE_VALUES_H

#include "lw/client.h"

#define VALUE_TEXT_MAX 512 /* longer values are cut, with dots */

/* The value in `text`, which must stay as long as the value does; opaques are unpacked in place. */
LW_MUST_CHECK lw_err value_parse(lw_type type, char *text, lw_value *out_value);
void value_print(lw_value value, char out[VALUE_TEXT_MAX]);

/* Sets a resource, or an instance of a multiple one, from text; makes the instance of the object
 * when it is not there. LW_ENOTFOUND: this device has no such resource; LW_EDEPTH: the path does
 * not name a single value. */
LW_MUST_CHECK lw_err value_assign(lw_tree *tree, lw_path path, char *text);

/* Assigns a line "PATH VALUE" or "PATH=VALUE". */
LW_MUST_CHECK lw_err value_assign_line(lw_tree *tree, char *line);

/* "Battery Level" for 3/0/9, "Device" for 3; "" when nobody knows. */
const char *value_name(lw_tree *tree, lw_path path);

#endif
