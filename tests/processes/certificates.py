"""Certificates for a server on this host, signed by an authority of the test."""

import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Certificates(NamedTuple):
    authority: Path
    certificate: Path
    key: Path


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def builder(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    started = x509.CertificateBuilder().subject_name(name(subject))
    return (
        started.issuer_name(name("authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )


def make_certificates(folder: Path) -> Certificates:
    files = Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    is_authority = x509.BasicConstraints(ca=True, path_length=None)
    root = builder("authority", authority).add_extension(is_authority, critical=True)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    leaf = builder("server", key).add_extension(address, critical=False)
    for file, each in ((files.authority, root), (files.certificate, leaf)):
        signed = each.sign(authority, hashes.SHA256())
        file.write_bytes(signed.public_bytes(Encoding.PEM))
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files.key.write_bytes(key.private_bytes(*plain))
    return files
