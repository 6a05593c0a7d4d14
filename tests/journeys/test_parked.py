"""What a service could not use, and an operator who tries it again."""

import asyncio
import os
import subprocess
import sys
from uuid import uuid4

import pymongo
import pytest
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions

from chassis.mongo import Mongo
from chassis.vault import Vault, read_master_key
from contracts.ids import key_id
from hearings import send_all
from visit_facts import a_visit, told

pytestmark = pytest.mark.journey

HEARERS = 3
KEYS = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)


def cairn(network, *arguments):
    """Run the command line in the network's own directory."""
    return subprocess.run(
        [sys.executable, "-m", "cairn", *arguments],
        cwd=network.home.path.parent,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


async def a_fact_without_its_key(network):
    """Tell of a visit whose client's key is lost; give the key back as it was."""
    mongo = Mongo(network.mongo_url)
    vault = Vault(mongo, read_master_key(network.home.master_key))
    visit = a_visit(client_id=uuid4())
    ring = await vault.open_keys(visit.client_id, ("chart",))
    await mongo.close()
    with pymongo.MongoClient(network.mongo_url) as plain:
        keys = plain["cairn_keys"].get_collection("keys", codec_options=KEYS)
        lost = keys.find_one_and_delete({"_id": key_id(visit.client_id, "chart")})
    await send_all(network.kafka_bootstrap, [told(visit, sequence=1, ring=ring)])
    return lost


class TestRetry:
    """`cairn parked retry`, after what was wrong was mended."""

    def test_empties_the_list(self, network):
        """An operator who mended the cause must not have to mend each fact."""
        lost = asyncio.run(a_fact_without_its_key(network))
        network.wait_heard()
        assert cairn(network, "parked", "list").count("KEY_UNKNOWN") == HEARERS

        with pymongo.MongoClient(network.mongo_url) as plain:
            plain["cairn_keys"].get_collection("keys", codec_options=KEYS).insert_one(lost)
        cairn(network, "parked", "retry")

        assert "0 parked" in cairn(network, "parked", "list")
