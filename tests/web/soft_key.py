"""A passkey in software, for tests without a browser: it answers what a browser's would (WebAuthn)."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from circletime.people.models import User

ORIGIN, SITE = "http://localhost:8000", "localhost"


@dataclass
class SoftKey:
    """One passkey. `verifies` is whether it asks its owner for a finger or a PIN."""

    verifies: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    name: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    owner: str = ""
    uses: int = 0

    def create(self, options: dict[str, Any]) -> str:
        """What the browser sends when it was made."""
        self.owner = options["publicKey"]["user"]["id"]
        credential = AttestedCredentialData.create(
            b"\0" * 16, self.name, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(self._site(), self._flags() | 0x40, 0, credential)
        made = AttestationObject.create("none", data, {})
        return self._said(
            "webauthn.create",
            options,
            {"attestationObject": websafe_encode(made), "transports": ["internal"]},
        )

    def get(self, options: dict[str, Any], *, origin: str = ORIGIN) -> str:
        """What the browser sends when it is used."""
        self.uses += 1
        data = AuthenticatorData.create(self._site(), self._flags(), self.uses)
        client = self._client("webauthn.get", options, origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        said = {
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": self.owner,
        }
        return self._said("webauthn.get", options, said, origin)

    def _said(self, kind: str, options: dict[str, Any], said: dict[str, Any], origin: str = ORIGIN) -> str:
        client = websafe_encode(self._client(kind, options, origin))
        name = websafe_encode(self.name)
        return json.dumps(
            {
                "type": "public-key",
                "id": name,
                "rawId": name,
                "response": {"clientDataJSON": client} | said,
                "clientExtensionResults": {"credProps": {"rk": True}},
            }
        )

    def _client(self, kind: str, options: dict[str, Any], origin: str) -> bytes:
        told = {"type": kind, "challenge": options["publicKey"]["challenge"], "origin": origin}
        return json.dumps(told).encode()

    def _site(self) -> bytes:
        return hashlib.sha256(SITE.encode()).digest()

    def _flags(self) -> int:
        return 0x05 if self.verifies else 0x01


def keep(user: User, key: SoftKey | None = None) -> Authenticator:
    """Somebody has this passkey already."""
    options = {"publicKey": {"challenge": "AAAA", "user": {"id": websafe_encode(str(user.pk).encode())}}}
    made = json.loads((key or SoftKey()).create(options))
    return Authenticator.objects.create(user=user, type="webauthn", data={"name": "Mine", "credential": made})
