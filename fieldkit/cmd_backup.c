/*
 * backup, restore -- a device into one encrypted file, and back from it.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>

#include "fieldkit/backup.h"
#include "sync/base/secret.h"

static void
report(struct ctx *c, const struct store_counts *n)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX];

	json_open(&w, '{');
	json_key(&w, "records");
	json_put_int(&w, (int64_t)n->records);
	json_key(&w, "project");
	json_put_text(&w, id_hex(hex, &c->home.project));
	json_key(&w, "device");
	json_put_text(&w, id_hex(hex, &c->home.device));
	json_close(&w);
	buf_text(&c->out, "\n");
}

/*
 * The lock first, then the keyfile and the database as they are under it:
 * another process may have changed both while the passphrase was typed.
 */
static fault
open_locked(struct ctx *c, uint8_t *master)
{
	fault f;

	keyfile_free(&c->home.keyfile);
	f = keyfile_read(&c->home.keyfile, c->home.path);
	if (f != NULL) {
		secret_free(master, MASTER_LEN);
		return f;
	}
	if ((f = home_unlock(&c->home, master)) != NULL)
		return f;
	return home_site(&c->home);
}

fault
cmd_backup(struct ctx *c)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct store_counts n;
	uint8_t *master = NULL;
	fault f;

	if ((f = cmd_open(c)) != NULL || (f = cmd_master(c, &master)) != NULL)
		return f;
	if ((f = home_lock(&lock, &c->home)) != NULL) {
		secret_free(master, MASTER_LEN);
		return f;
	}
	if ((f = open_locked(c, master)) == NULL &&
	    (f = repo_tidy(c->home.site.repo)) == NULL &&
	    (f = store_count(&c->home.store, &n)) == NULL)
		f = backup_write(c->args[0], &c->home);
	if (f == NULL && c->json)
		report(c, &n);
	else if (f == NULL)
		out(c, "%llu records are in %s, encrypted; this device's "
		    "passphrase or the recovery key opens it.\n",
		    (unsigned long long)n.records, c->args[0]);
	file_unlock(&lock);
	return f;
}

/* By the passphrase that the device had then, or by the paper key. */
static fault
open_backup(struct ctx *c, const struct backup *b, uint8_t **master)
{
	const struct keyfile *k = backup_keyfile(b);
	struct paper *p;
	fault f;

	c->home.practice = k->practice;
	if (k->practice)
		note("PRACTICE PROJECT: nothing here is protected; never use "
		    "real names");
	if ((f = cmd_swap(c, k->practice)) != NULL)
		return f;
	if (!cmd_paper_given(c))
		return cmd_passphrase_for(c, k, master);
	p = secret_new(sizeof *p);
	if ((f = cmd_paper(c, p)) == NULL)
		f = keyfile_recover(master, k, p->box_pk, p->box_sk);
	secret_free(p, sizeof *p);
	return f;
}

static fault
restored(struct ctx *c, const char *path)
{
	struct store_counts n;
	fault f = store_count(&c->home.store, &n);

	if (f != NULL)
		return f;
	if (c->json) {
		report(c, &n);
		return NULL;
	}
	out(c, "%llu records are restored in %s. Sync first: until this device "
	    "has seen its own commits on a hub, what you save stays "
	    "unsealed.\n", (unsigned long long)n.records, path);
	if (cmd_paper_given(c))
		out(c, "The passphrase is the one from then; 'fieldkit "
		    "recover' sets a new one.\n");
	return NULL;
}

fault
cmd_restore(struct ctx *c)
{
	char *path = cmd_home_path(c), *draft = NULL;
	struct backup *b = NULL;
	uint8_t *master = NULL;
	fault f;

	if ((f = backup_open(&b, c->args[0])) != NULL ||
	    (f = home_draft(&draft, path)) != NULL ||
	    (f = open_backup(c, b, &master)) != NULL ||
	    (f = backup_restore(&c->home, draft, b, master)) != NULL ||
	    (f = restored(c, path)) != NULL)
		goto done;
	home_close(&c->home);
	f = home_place(draft, path);
done:
	if (f != NULL && draft != NULL) {
		home_close(&c->home);
		buf_clear(&c->out);
		/* It holds nothing that the file has not. */
		if (file_remove_tree(draft) != NULL)
			note("%s was left behind", draft);
	}
	backup_close(b);
	free(draft);
	free(path);
	return f;
}
