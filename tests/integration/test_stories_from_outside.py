"""Every story the contract names, told as the outside tells it: signed notices, records and files in; verdicts out."""

from paygate.access import Role
from tests.outside_stories import CLOSED, STORIES
from tests.province import a_province, asked, scenes_of_stories


async def test_every_story_ends_as_the_contract_says(province_url: str) -> None:
    scenes = scenes_of_stories()
    async with a_province(province_url) as served:
        headers = await served.token("haiduong", Role.ADMIN)
        ended, expected = {}, {}
        for name, scene in scenes.items():
            found = await asked(served, "GET", f"/v1/records/{scene.dossier}?tenant=haiduong", headers)
            ended[name] = (found["verdict"], {one["reason"] for one in found["discrepancies"]})
            expected[name] = STORIES[name][1:]
        report = await asked(served, "GET", f"/v1/reports/haiduong/{CLOSED}", headers)
    wrong = {name: (ended[name], expected[name]) for name in ended if ended[name] != expected[name]}
    assert not wrong
    assert report["proof"]["residual"] == 0
