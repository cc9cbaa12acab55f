#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the Debian package: the tree as a source package has it, with debian/, is staged in
# build/deb/, and built there. Says where the package is. Environment: BUILD, VERSION, RELEASED.
set -euo pipefail
cd "$(dirname "$0")/../.."

stage=$BUILD/deb/sipguard-$VERSION
log=$BUILD/deb/build-$VERSION.log

rm -rf "$stage"
mkdir -p "$stage/build"
cp -a Makefile LICENSE README.md bpf user include tools tests docs "$stage/"
cp -a "$BUILD/bpf" "$BUILD"/*.skel.h "$stage/build/"
cp -a tools/package/debian "$stage/debian"
packages=$(tools/deps.sh --print build | paste -sd, | sed 's/,/, /g')
sed -i "s/@BUILD_DEPENDS@/$packages/" "$stage/debian/control"
cat >"$stage/debian/changelog" <<-EOF
	sipguard ($VERSION) unstable; urgency=medium

	  * Version $VERSION.

	 -- $(sed -n 's/^Maintainer: //p' "$stage/debian/control")  $(date -u -R -d "$RELEASED")
EOF

# Nothing that was said to make for this tree is meant for that one.
if ! (cd "$stage" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u BUILD -u VERSION -u RELEASED \
	dpkg-buildpackage -b -us -uc) >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "sipguard: the package could not be built; all that was said is in $log." >&2
	exit 1
fi
for package in "$BUILD/deb/sipguard_${VERSION}"_*.deb; do
	echo "$package"
done
