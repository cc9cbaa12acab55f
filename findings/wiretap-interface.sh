#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# libwiretap 4.0.17 (Debian 12, 4.0.17-0+deb12u3): which interfaces a pcapng file has that a program
# writes without a list of them (wtap_dump_params.idb_inf is NULL), and adds its own as it goes on
# (wtap_dump_add_idb()).
#
# A good guess: those that were added, and no other; packets of interface 0 are those of the first one
# added.
# Seen: wtap_dump_open() writes an interface of its own before anything else, without a name and with
# the file's encapsulation. It is number 0, the first one added is number 1, and so on: a packet whose
# rec.rec_header.packet_header.interface_id is 0 belongs to nobody's interface, without any error or
# warning. With a list it writes none of its own. So who adds interfaces by and by has to put the first
# one into the list that he opens the file with.
#
# Output seen:
#   no list: interfaces "", "eth0", "eth1"; the packet is of ""
#   a list of eth0: interfaces "eth0", "eth1"; the packet is of "eth0"
#
# Needs apt, gcc and python3. The packages are unpacked in a temporary folder. Exit status: 0 as above,
# 1 if the behaviour has changed, 2 if it could not be tried.
set -uo pipefail
WORK=$(mktemp -d)
trap 'rm -rf --one-file-system "$WORK"' EXIT
cd "$WORK" || exit 2
WIRESHARK=4.0.17-0+deb12u3
GLIB=2.74.6-2+deb12u9
if ! apt-get download {libwiretap-dev,libwiretap13,libwsutil-dev,libwsutil14}=$WIRESHARK \
	{libglib2.0-dev,libglib2.0-0}=$GLIB >install.log 2>&1; then
	cat install.log
	exit 2
fi
for package in *.deb; do
	dpkg -x "$package" root || exit 2
done
LIB=$WORK/root/usr/lib/x86_64-linux-gnu
cat >write.c <<'END'
#include <string.h>

#include <wiretap/wtap.h>

static wtap_block_t make_interface(const char *name)
{
	wtap_block_t block = wtap_block_create(WTAP_BLOCK_IF_ID_AND_INFO);
	wtapng_if_descr_mandatory_t *it = wtap_block_get_mandatory_data(block);

	it->wtap_encap = WTAP_ENCAP_ETHERNET;
	it->time_units_per_second = 1000000000;
	it->tsprecision = WTAP_TSPREC_NSEC;
	it->snap_len = 65535;
	wtap_block_add_string_option(block, OPT_IDB_NAME, name, strlen(name));
	return block;
}

/* write FILE [NAME]: with a list of this interface, or without one; eth0 and eth1 are there then. */
int main(int argc, char **argv)
{
	wtap_dump_params params = WTAP_DUMP_PARAMS_INIT;
	wtapng_iface_descriptions_t list;
	wtap_rec rec;
	guint8 frame[60] = {0};
	gchar *info;
	wtap_dumper *file;
	wtap_block_t interface;
	int err;

	(void)argc;
	wtap_init(FALSE);
	params.encap = WTAP_ENCAP_ETHERNET;
	params.tsprec = WTAP_TSPREC_NSEC;
	if (argv[2]) {
		list.interface_data = g_array_new(FALSE, FALSE, sizeof(wtap_block_t));
		interface = make_interface(argv[2]);
		g_array_append_val(list.interface_data, interface);
		params.idb_inf = &list;
	}
	file = wtap_dump_open(argv[1], wtap_pcapng_file_type_subtype(), WTAP_UNCOMPRESSED, &params,
			      &err, &info);
	if (!file || (!argv[2] && !wtap_dump_add_idb(file, make_interface("eth0"), &err, &info)) ||
	    !wtap_dump_add_idb(file, make_interface("eth1"), &err, &info))
		return 2;
	memset(&rec, 0, sizeof(rec));
	wtap_rec_init(&rec);
	rec.rec_type = REC_TYPE_PACKET;
	rec.presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN | WTAP_HAS_INTERFACE_ID;
	rec.rec_header.packet_header.caplen = rec.rec_header.packet_header.len = sizeof(frame);
	rec.rec_header.packet_header.pkt_encap = WTAP_ENCAP_ETHERNET;
	rec.rec_header.packet_header.interface_id = 0;
	if (!wtap_dump(file, &rec, frame, &err, &info) || !wtap_dump_close(file, NULL, &err, &info))
		return 2;
	return 0;
}
END
# Not a reader of the same library: the blocks of the file as draft-ietf-opsawg-pcapng has them.
cat >read.py <<'END'
import struct, sys
data, at, names, of = open(sys.argv[1], 'rb').read(), 0, [], None
while at < len(data):
    kind, length = struct.unpack_from('<II', data, at)
    if kind == 1:
        name, option = '', at + 16
        while option < at + length - 4:
            code, size = struct.unpack_from('<HH', data, option)
            if code == 0:
                break
            if code == 2:
                name = data[option + 4:option + 4 + size].decode()
            option += 4 + (size + 3) // 4 * 4
        names.append(name)
    elif kind == 6:
        of = struct.unpack_from('<I', data, at + 8)[0]
    at += length
print('interfaces %s; the packet is of "%s"' % (', '.join('"%s"' % n for n in names), names[of]))
END
if ! gcc -Wall -o write write.c -I "$WORK/root/usr/include/wireshark" \
	-I "$WORK/root/usr/include/glib-2.0" -I "$LIB/glib-2.0/include" \
	-L "$LIB" -l:libwiretap.so.13 -l:libwsutil.so.14 -l:libglib-2.0.so.0 \
	-Wl,-rpath-link,"$LIB" >build.log 2>&1; then
	cat build.log
	exit 2
fi
export LD_LIBRARY_PATH=$LIB:$WORK/root/lib/x86_64-linux-gnu
# What it tells programmers it tells everybody, until there is a level for that.
./write without 2>/dev/null && ./write with eth0 2>/dev/null || exit 2
{
	echo "no list: $(python3 read.py without)"
	echo "a list of eth0: $(python3 read.py with)"
} | tee seen
diff seen - <<'END' || { echo "the behaviour has changed"; exit 1; }
no list: interfaces "", "eth0", "eth1"; the packet is of ""
a list of eth0: interfaces "eth0", "eth1"; the packet is of "eth0"
END
