#include "fieldkit/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "fieldkit/rewrite.h"
#include "fieldkit/vault.h"
#include "sync/base/lang.h"
#include "sync/base/secret.h"

#define CONF_MAX 4096
#define SECRET_MAX (8u << 20)
#define SUBKEY_SECRETS 3	/* number in the master key's derivation */
#define LOCK_WAIT_MS 30000

char *
home_file(const struct home *h, const char *name)
{
	return path_join(h->path, name);
}

/* --- the clear files ---------------------------------------------------- */

static void
conf_put(struct buf *b, const struct home *h)
{
	char hex[HASH_HEX];

	buf_text(b, "fieldkit home %d\n", WIRE_FORMAT);
	buf_text(b, "genesis %s\n", hash_hex(hex, &h->genesis));
	buf_text(b, "project %s\n", id_hex(hex, &h->project));
	buf_text(b, "device %s\n", id_hex(hex, &h->device));
	buf_text(b, "practice %d\n", h->practice);
}

fault
home_save_conf(const struct home *h)
{
	struct buf b = BUF_EMPTY;
	char *path = home_file(h, "kit.conf");
	fault f;

	conf_put(&b, h);
	f = file_write(path, buf_view(&b), 0600);
	free(path);
	buf_free(&b);
	return f;
}

/* One "word value" line at *at; false if the word is another. */
static bool
conf_line(const char **at, const char *word, char *value, size_t room)
{
	size_t n = strlen(word), len;
	const char *end = strchr(*at, '\n');

	if (end == NULL || strncmp(*at, word, n) != 0 || (*at)[n] != ' ')
		return false;
	len = (size_t)(end - *at) - n - 1;
	if (len >= room)
		return false;
	memcpy(value, *at + n + 1, len);
	value[len] = '\0';
	*at = end + 1;
	return true;
}

static fault
conf_parse(struct home *h, const char *text, const char *path)
{
	char v[128];
	const char *at = text;

	if (!conf_line(&at, "fieldkit home", v, sizeof v))
		return fault_new(FAULT_FORMAT, "%s is not a home's file", path);
	if (strcmp(v, "0") != 0)
		return fault_new(FAULT_INVALID, "%s was written by a newer "
		    "version; nothing was changed; update fieldkit", path);
	if (conf_line(&at, "genesis", v, sizeof v) &&
	    hex_parse(h->genesis.b, sizeof h->genesis.b, bytes_of(v)) &&
	    conf_line(&at, "project", v, sizeof v) &&
	    id_parse(&h->project, v) &&
	    conf_line(&at, "device", v, sizeof v) && id_parse(&h->device, v) &&
	    conf_line(&at, "practice", v, sizeof v) && *at == '\0') {
		h->practice = strcmp(v, "1") == 0;
		return NULL;
	}
	return fault_new(FAULT_FORMAT, "%s is damaged; nothing was changed; "
	    "restore it from a copy of this folder", path);
}

static fault
conf_read(struct home *h)
{
	struct buf b = BUF_EMPTY;
	char *path = home_file(h, "kit.conf");
	fault f = file_read(&b, path, CONF_MAX);

	if (f != NULL && f->code == FAULT_ABSENT)
		f = fault_new(FAULT_ABSENT, "there is no project in %s; make "
		    "one with 'fieldkit init' or join one with 'fieldkit join'",
		    h->path);
	else if (f == NULL)
		f = conf_parse(h, buf_cstr(&b), path);
	free(path);
	buf_free(&b);
	return f;
}

/* --- opening ------------------------------------------------------------ */

/* A part of a home that has been whole: never made anew in silence. */
static fault
part_gone(const struct home *h, const char *part, const char *means, fault f)
{
	if (f == NULL || f->code != FAULT_ABSENT)
		return f;
	return fault_new(FAULT_TRUST, "%s in %s is missing or not whole "
	    "(%.200s): %s; nothing was changed; put it back from a copy of "
	    "this folder", part, h->path, f->text, say(means));
}

fault
home_open(struct home *h, const char *path)
{
	char real[4096];
	fault f;

	*h = (struct home)HOME_EMPTY;
	h->path = mem_text(realpath(path, real) != NULL ? real : path);
	f = conf_read(h);
	/* A damaged list of hubs keeps nobody from writing a note down: who
	 * needs a hub reads it again, and is told. */
	if (f == NULL && (f = home_read_hubs(h)) != NULL &&
	    f->code == FAULT_TRUST)
		f = NULL;
	if (f == NULL)
		f = part_gone(h, "keyfile.a", "without it nothing here can be "
		    "opened", keyfile_read(&h->keyfile, h->path));
	if (f == NULL && !id_eq(&h->keyfile.device, &h->device))
		f = fault_new(FAULT_TRUST, "the keyfile in %s is another "
		    "device's; nothing was changed", h->path);
	if (f != NULL)
		home_close(h);
	return f;
}

void
home_close(struct home *h)
{
	char *db = h->path == NULL ? NULL : home_file(h, "device.db");

	if (h->site_open)
		site_close(&h->site);
	keys_free(h->keys);
	secret_free(h->signer.sk, SIGN_SK);
	store_close(&h->store);
	db_close(h->db);
	if (db != NULL)
		vault_forget(db);
	secret_free(h->master, MASTER_LEN);
	keyfile_free(&h->keyfile);
	home_forget_hubs(h);
	free(h->path);
	free(db);
	*h = (struct home)HOME_EMPTY;
}

/* --- secrets: wrapped before SQLite sees them --------------------------- */

static void
wrap_key(uint8_t key[32], const struct home *h)
{
	crypto_kdf_derive_from_key(key, 32, SUBKEY_SECRETS, "kitsecre",
	    h->master);
}

fault
home_put_secret(struct home *h, const char *name, struct bytes plain)
{
	struct buf box = BUF_EMPTY;
	uint8_t *key = secret_new(32), nonce[24];
	unsigned long long n = 0;
	fault f;

	wrap_key(key, h);
	random_fill(nonce, sizeof nonce);
	buf_add(&box, nonce, sizeof nonce);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
	    buf_room(&box, plain.len + WIRE_TAG_LEN), &n, plain.at, plain.len,
	    (const uint8_t *)name, strlen(name), NULL, nonce, key);
	box.len += n;
	f = store_secret_put(&h->store, name, buf_view(&box));
	secret_free(key, 32);
	buf_free(&box);
	return f;
}

/* *plain: locked memory of *n bytes, the caller frees.  NULL if never put. */
fault
home_get_secret(struct home *h, const char *name, uint8_t **plain, size_t *n)
{
	struct buf box = BUF_EMPTY;
	uint8_t *key = secret_new(32);
	unsigned long long len = 0;
	fault f = store_secret_get(&h->store, name, &box);

	*plain = NULL;
	if (f != NULL || box.len == 0)
		goto done;
	wrap_key(key, h);
	*n = box.len < 40 ? 0 : box.len - 40;
	*plain = secret_new(*n);
	if (box.len < 40 || crypto_aead_xchacha20poly1305_ietf_decrypt(*plain,
	    &len, NULL, box.at + 24, box.len - 24, (const uint8_t *)name,
	    strlen(name), box.at, key) != 0) {
		secret_free(*plain, *n);
		*plain = NULL;
		f = fault_new(FAULT_TRUST, "the stored secret '%s' is damaged; "
		    "nothing was changed; run 'fieldkit doctor'", name);
	}
done:
	secret_free(key, 32);
	buf_free(&box);
	return f;
}

fault
home_save_keys(struct home *h)
{
	struct buf b = BUF_EMPTY;
	fault f;

	keys_encode(&b, h->keys);
	f = home_put_secret(h, "keys", buf_view(&b));
	buf_wipe(&b);
	return f;
}

fault
home_draw_signer(struct home *h)
{
	uint8_t *box = secret_new(crypto_box_SECRETKEYBYTES);
	fault f;

	h->signer.sk = secret_new(SIGN_SK);
	sign_keypair(h->signer.pk, h->signer.sk);
	crypto_box_keypair(h->signer.box_pk, box);
	f = home_put_secret(h, "sign", (struct bytes){ h->signer.sk, SIGN_SK });
	if (f == NULL)
		f = home_put_secret(h, "box", (struct bytes){ box,
		    crypto_box_SECRETKEYBYTES });
	secret_free(box, crypto_box_SECRETKEYBYTES);
	return f;
}

static fault
keys_read(struct home *h)
{
	struct reader r;
	uint8_t *plain;
	size_t n = 0;
	fault f = home_get_secret(h, "keys", &plain, &n);

	if (f != NULL)
		return f;
	if (plain == NULL) {
		h->keys = keys_new();
		return NULL;
	}
	r = reader_of((struct bytes){ plain, n });
	f = keys_decode(&h->keys, &r);
	secret_free(plain, n);
	return f;
}

static fault
signer_read(struct home *h)
{
	uint8_t *box = NULL;
	size_t n = 0;
	fault f = home_get_secret(h, "sign", &h->signer.sk, &n);

	if (f != NULL || h->signer.sk == NULL)
		return f;
	/* libsodium's secret key is seed 32, public key 32. */
	memcpy(h->signer.pk, h->signer.sk + 32, SIGN_PK);
	if ((f = home_get_secret(h, "box", &box, &n)) == NULL && box != NULL)
		crypto_scalarmult_base(h->signer.box_pk, box);
	secret_free(box, n);
	return f;
}

static fault
unlock(struct home *h, uint8_t *master, bool create)
{
	struct rewrite r = { h->path, h->device, &h->keyfile, master };
	fault f;

	h->master = master;
	if ((f = part_gone(h, "device.db", "it holds all that was saved here",
	    rewrite_open(&h->db, &r, create))) != NULL)
		return f;
	if ((f = store_open(&h->store, h->db, &h->device)) != NULL)
		return f;
	if ((f = keys_read(h)) == NULL)
		f = signer_read(h);
	return f;
}

fault
home_unlock(struct home *h, uint8_t *master)
{
	return unlock(h, master, false);
}

fault
home_build(struct home *h, struct bytes passphrase,
    const uint8_t paper_box[32])
{
	char *repo = home_file(h, "repo.git");
	uint8_t *master = NULL;
	fault f;

	if ((f = home_save_conf(h)) != NULL)
		goto done;
	if ((f = keyfile_create(h->path, &h->device, h->practice, passphrase,
	    paper_box, &master)) != NULL)
		goto done;
	if ((f = keyfile_read(&h->keyfile, h->path)) != NULL)
		goto done;
	if ((f = repo_create(repo)) != NULL)
		goto done;
	f = unlock(h, master, true);
	master = NULL;
done:
	secret_free(master, MASTER_LEN);
	free(repo);
	return f;
}

fault
home_site(struct home *h)
{
	char *path;
	fault f;

	if (h->site_open)
		return NULL;
	h->site = (struct site){ .project = h->project, .self = h->device,
	    .genesis = h->genesis, .practice = h->practice,
	    .signer = h->signer.sk == NULL ? NULL : &h->signer };
	path = home_file(h, "repo.git");
	f = part_gone(h, "repo.git", "what was saved is safe in device.db",
	    site_open(&h->site, path, h->keys));
	h->site_open = f == NULL;
	free(path);
	return f;
}

/*
 * Another process may have opened an envelope or punctured a tree: what we
 * remember must not be written back over that.
 */
static fault
keys_refresh(struct home *h)
{
	struct keys *old = h->keys;
	uint8_t *box = NULL;
	size_t n = 0;
	fault f;

	if (h->master == NULL || h->signer.sk == NULL)
		return NULL;
	h->keys = NULL;
	if ((f = keys_read(h)) != NULL) {
		h->keys = old;
		return f;
	}
	keys_free(old);
	if (h->site_open)
		h->site.keys = h->keys;
	if ((f = home_get_secret(h, "box", &box, &n)) == NULL && box != NULL)
		crypto_scalarmult_base(h->signer.box_pk, box);
	secret_free(box, n);
	return f;
}

/*
 * A commit that quoted the roster as it was before we waited could stand
 * behind one that quotes a newer: nobody would take it.
 */
fault
home_lock_within(struct file_lock *l, struct home *h, int wait_ms)
{
	char *path = home_file(h, "lock");
	fault f = file_lock(l, path, wait_ms);

	free(path);
	if (f != NULL)
		return f;
	f = keys_refresh(h);
	if (f == NULL && h->site_open) {
		repo_refresh(h->site.repo);
		f = site_reload(&h->site);
	}
	if (f != NULL)
		file_unlock(l);
	return f;
}

fault
home_lock(struct file_lock *l, struct home *h)
{
	return home_lock_within(l, h, LOCK_WAIT_MS);
}
