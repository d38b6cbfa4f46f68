/*
 * cmds -- every command's function, for the table in commands.c.
 */
#ifndef FIELDKIT_CMDS_H
#define FIELDKIT_CMDS_H

#include "fieldkit/cmd.h"

fault cmd_init(struct ctx *) MUST_CHECK;
fault cmd_hub(struct ctx *) MUST_CHECK;
fault cmd_invite(struct ctx *) MUST_CHECK;
fault cmd_join(struct ctx *) MUST_CHECK;
fault cmd_members(struct ctx *) MUST_CHECK;
fault cmd_revoke(struct ctx *) MUST_CHECK;
fault cmd_role(struct ctx *) MUST_CHECK;
fault cmd_rotate(struct ctx *) MUST_CHECK;
fault cmd_approve(struct ctx *) MUST_CHECK;
fault cmd_adopt(struct ctx *) MUST_CHECK;
fault cmd_erase(struct ctx *) MUST_CHECK;
fault cmd_leave(struct ctx *) MUST_CHECK;
fault cmd_types(struct ctx *) MUST_CHECK;
fault cmd_fields(struct ctx *) MUST_CHECK;
fault cmd_pack(struct ctx *) MUST_CHECK;
fault cmd_add(struct ctx *) MUST_CHECK;
fault cmd_edit(struct ctx *) MUST_CHECK;
fault cmd_withdraw(struct ctx *) MUST_CHECK;
fault cmd_show(struct ctx *) MUST_CHECK;
fault cmd_list(struct ctx *) MUST_CHECK;
fault cmd_search(struct ctx *) MUST_CHECK;
fault cmd_history(struct ctx *) MUST_CHECK;
fault cmd_conflicts(struct ctx *) MUST_CHECK;
fault cmd_resolve(struct ctx *) MUST_CHECK;
fault cmd_seal(struct ctx *) MUST_CHECK;
fault cmd_sync(struct ctx *) MUST_CHECK;
fault cmd_merge(struct ctx *) MUST_CHECK;
fault cmd_audit(struct ctx *) MUST_CHECK;
fault cmd_alarms(struct ctx *) MUST_CHECK;
fault cmd_status(struct ctx *) MUST_CHECK;
fault cmd_digest(struct ctx *) MUST_CHECK;
fault cmd_doctor(struct ctx *) MUST_CHECK;
fault cmd_export(struct ctx *) MUST_CHECK;
fault cmd_unlock_command(struct ctx *) MUST_CHECK;
fault cmd_lock(struct ctx *) MUST_CHECK;
fault cmd_passphrase(struct ctx *) MUST_CHECK;
fault cmd_recover(struct ctx *) MUST_CHECK;
fault cmd_backup(struct ctx *) MUST_CHECK;
fault cmd_restore(struct ctx *) MUST_CHECK;
fault cmd_demo(struct ctx *) MUST_CHECK;

#endif
