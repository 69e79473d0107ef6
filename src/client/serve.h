/* Requests of servers: routed (proto/request.h), checked in the order of DM-05, handed to the room
 * that serves the operation. Also the pieces that several operations need.
 *
 *   message -> routed: syntax 4.05, forbidden 4.01
 *           -> object, instance there? 4.04
 *           -> right? 4.01
 *           -> resource there? 4.04, does it offer this? 4.05
 *           -> formats: 4.15, 4.06
 *           -> the operation itself, or the feature that serves it: payload 4.00
 */
#ifndef LW_CLIENT_SERVE_H
#define LW_CLIENT_SERVE_H

#include "client/engine.h"
#include "coap/reply.h"
#include "lw/path.h"

/* The endpoint's on_request for a peer that is `server`: fills the reply and returns LW_OK, or
 * LW_END for silence: servers that are not registered with (REG-08), or any while a bootstrap runs
 * (BS-09). What the Bootstrap-Server asks goes to lw_feature_bootstrap, which knows whether a
 * bootstrap runs; without that feature it is 4.05. */
LW_MUST_CHECK lw_err lw_serve(lw_client *client, lw_server *server, const lw_coap_inbound *in,
                              lw_coap_reply *reply);

/* The endpoint's wants_stream: true for a Write of an opaque value that hooks->write takes block by
 * block (a firmware package), and for what is refused or not heard: that then ends with its first
 * block, before a body was assembled. */
bool lw_serve_wants_stream(lw_client *client, lw_server *server, const lw_coap_inbound *in);

/* blockwise.c: does hooks->write take this Write as it comes, in blocks? */
bool lw_write_is_streamed(const lw_call *call);

/* One operation each. All but the payload was checked; lw_op_code says what a failure means. */
LW_MUST_CHECK lw_err lw_serve_read(const lw_call *call);
LW_MUST_CHECK lw_err lw_serve_discover(const lw_call *call);
LW_MUST_CHECK lw_err lw_serve_write(const lw_call *call); /* Replace and Partial Update */
LW_MUST_CHECK lw_err lw_serve_execute(const lw_call *call);

/* ---- Rights ----------------------------------------------------------------------------------
 */

/* Rights of the server (LW_RIGHT_…) on the instance at or above the path, none of them on what is
 * for bootstrap alone (DM-02): all without lw_feature_access, or with one account (ACL-02). For an
 * object: C, to create instances of it. */
unsigned lw_rights_of(const lw_server *server, lw_path path);

/* Tells the features that the server made an instance: it gets its owner (ACL-10). */
LW_MUST_CHECK lw_err lw_rights_created(const lw_server *server, lw_path instance);

/* LW_OK when something at or below the path may be read, as far as rights go: the right on an
 * instance, for an object or the root on any of theirs, or nothing there that needs one (DM-18,
 * ACL-07). Else LW_EDENIED. */
LW_MUST_CHECK lw_err lw_rights_to_read(const lw_server *server, lw_path path);

/* ---- Answers ---------------------------------------------------------------------------------
 */

/* What is at a resource or resource instance that is there: its value, or that it is a multiple
 * resource without instances. False: neither now. */
bool lw_entry_at(const lw_place *at, lw_entry *out_entry);

lw_source lw_readable_source(const lw_readable *readable);

/* LW_OK when something at one of the targets may be read: lw_rights_to_read (DM-93, ACL-08). */
LW_MUST_CHECK lw_err lw_readable_allowed(const lw_readable *readable);

/* Encodes what `readable` gives into reply->payload and puts the Content-Format behind the options
 * that are there already: an answer, or a notification. LW_ENOTSUP: not in this format; LW_ENOMEM:
 * not now; LW_EIO: not at all. */
LW_MUST_CHECK lw_err lw_reply_values(lw_coap_reply *reply, const lw_format *format,
                                     const lw_readable *readable);

/* Where the paths of its payload start. */
lw_path lw_readable_base(const lw_readable *readable);

/* Answers a Read, or what begins with one, with the values that are there now. */
LW_MUST_CHECK lw_err lw_answer_values(const lw_call *call);

/* Writes the link of `path` and those of what is there up to `depth` levels below: with dim, with
 * `ver` where it does not go without saying, and with the attributes of the server; the first link
 * also has what it inherits (DM-22). */
void lw_discover_write(lw_client *client, const lw_server *server, lw_path path, unsigned depth,
                       lw_writer *w);

/* True when a client of that enabler version has to name the version of the object (VER-11). */
bool lw_object_names_version(const lw_object *object, lw_version enabler,
                             lw_object_version *out_version);

/* Removes an instance that is there, when the object agrees. */
LW_MUST_CHECK lw_err lw_remove_instance(lw_tree *tree, lw_path instance);

/* DM-84: LW_EMETHOD when a mandatory resource would lose its last instance. */
LW_MUST_CHECK lw_err lw_remove_resource_instance(lw_tree *tree, lw_path path);

#endif
