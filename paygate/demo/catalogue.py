"""Who receives what in the sample province: agencies, procedures and their usual fees and charges.

The codes have the form of the real ones and the amounts their size; this is a sample, not a reference.
"""

from dataclasses import dataclass
from typing import Final

PROVINCE: Final = "H23"


@dataclass(frozen=True, slots=True)
class Agency:
    """`code` is an e-ID code: the departments bear the older order, the districts the newer, as both are met."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """`fee` (phí) and `charge` (lệ phí) in dong, for each copy where `copies` are ordered; 0: none."""

    code: str
    name: str
    received_by: tuple[Agency, ...]
    fee: int
    charge: int
    copies: bool = False


def _department(number: int, name: str) -> tuple[Agency]:
    return (Agency(f"000.00.{number:02d}.{PROVINCE}", name),)


def _district(number: int, name: str) -> Agency:
    return Agency(f"{PROVINCE}.{number}", f"UBND {name}")


JUSTICE: Final = _department(12, "Sở Tư pháp")
PLANNING: Final = _department(4, "Sở Kế hoạch và Đầu tư")
CONSTRUCTION: Final = _department(16, "Sở Xây dựng")
ENVIRONMENT: Final = _department(10, "Sở Tài nguyên và Môi trường")
TRANSPORT: Final = _department(3, "Sở Giao thông vận tải")
HEALTH: Final = _department(17, "Sở Y tế")
INDUSTRY: Final = _department(2, "Sở Công Thương")
LABOUR: Final = _department(7, "Sở Lao động - Thương binh và Xã hội")

DEPARTMENTS: Final = JUSTICE + PLANNING + CONSTRUCTION + ENVIRONMENT + TRANSPORT + HEALTH + INDUSTRY + LABOUR
DISTRICTS: Final = (
    _district(30, "thành phố Hải Dương"),
    _district(31, "thành phố Chí Linh"),
    _district(32, "thị xã Kinh Môn"),
    _district(33, "huyện Nam Sách"),
    _district(34, "huyện Thanh Hà"),
    _district(35, "huyện Kim Thành"),
    _district(36, "huyện Cẩm Giàng"),
    _district(37, "huyện Bình Giang"),
    _district(38, "huyện Gia Lộc"),
    _district(39, "huyện Tứ Kỳ"),
    _district(40, "huyện Ninh Giang"),
    _district(41, "huyện Thanh Miện"),
)

PROCEDURES: Final = (
    Procedure("2.000488", "Cấp Phiếu lý lịch tư pháp cho công dân Việt Nam", JUSTICE, 200_000, 0),
    Procedure("2.000505", "Cấp Phiếu lý lịch tư pháp số 2 cho cá nhân", JUSTICE, 200_000, 0),
    Procedure("2.000789", "Thành lập Văn phòng công chứng", JUSTICE, 1_000_000, 0),
    Procedure("1.001071", "Đăng ký tập sự hành nghề công chứng", JUSTICE, 100_000, 0),
    Procedure("1.008925", "Đăng ký hành nghề và cấp Thẻ Thừa phát lại", JUSTICE, 500_000, 100_000),
    Procedure("2.001583", "Đăng ký thành lập công ty TNHH một thành viên", PLANNING, 100_000, 50_000),
    Procedure("2.001199", "Đăng ký thành lập công ty TNHH hai thành viên trở lên", PLANNING, 100_000, 50_000),
    Procedure("2.002043", "Đăng ký thành lập công ty cổ phần", PLANNING, 100_000, 50_000),
    Procedure("2.001610", "Đăng ký thành lập doanh nghiệp tư nhân", PLANNING, 100_000, 50_000),
    Procedure("2.002041", "Đăng ký thay đổi địa chỉ trụ sở chính của doanh nghiệp", PLANNING, 100_000, 50_000),
    Procedure("1.010026", "Thông báo thay đổi thông tin cổ đông sáng lập", PLANNING, 100_000, 0),
    Procedure("1.009974", "Cấp giấy phép xây dựng mới công trình cấp I và cấp II", CONSTRUCTION, 0, 150_000),
    Procedure("1.009982", "Cấp chứng chỉ hành nghề hoạt động xây dựng hạng II, III", CONSTRUCTION, 0, 300_000),
    Procedure("1.009988", "Cấp chứng chỉ năng lực hoạt động xây dựng hạng II, III", CONSTRUCTION, 0, 1_000_000),
    Procedure("1.009972", "Thẩm định Báo cáo nghiên cứu khả thi đầu tư xây dựng", CONSTRUCTION, 2_500_000, 0),
    Procedure("1.011441", "Đăng ký biện pháp bảo đảm bằng quyền sử dụng đất", ENVIRONMENT, 80_000, 0),
    Procedure("1.011442", "Đăng ký thay đổi biện pháp bảo đảm", ENVIRONMENT, 60_000, 0),
    Procedure("1.011443", "Xóa đăng ký biện pháp bảo đảm", ENVIRONMENT, 20_000, 0),
    Procedure("1.004227", "Đăng ký biến động về sử dụng đất, tài sản gắn liền với đất", ENVIRONMENT, 350_000, 28_000),
    Procedure("1.004193", "Đính chính Giấy chứng nhận quyền sử dụng đất đã cấp", ENVIRONMENT, 150_000, 28_000),
    Procedure("1.005129", "Cấp đổi Giấy chứng nhận quyền sử dụng đất", ENVIRONMENT, 100_000, 50_000),
    Procedure("1.002809", "Đổi Giấy phép lái xe do ngành Giao thông vận tải cấp", TRANSPORT, 0, 115_000),
    Procedure("1.002820", "Cấp lại Giấy phép lái xe", TRANSPORT, 0, 115_000),
    Procedure("1.002835", "Cấp mới Giấy phép lái xe", TRANSPORT, 0, 135_000),
    Procedure("1.000703", "Cấp Giấy phép kinh doanh vận tải bằng xe ô tô", TRANSPORT, 0, 200_000),
    Procedure("2.000872", "Cấp Giấy chứng nhận đăng ký xe máy chuyên dùng", TRANSPORT, 0, 70_000),
    Procedure("1.004616", "Cấp Chứng chỉ hành nghề dược", HEALTH, 500_000, 0),
    Procedure("1.004593", "Cấp Giấy chứng nhận đủ điều kiện kinh doanh dược", HEALTH, 1_000_000, 0),
    Procedure("1.003748", "Cấp chứng chỉ hành nghề khám bệnh, chữa bệnh", HEALTH, 360_000, 0),
    Procedure("1.003773", "Cấp lại chứng chỉ hành nghề khám bệnh, chữa bệnh", HEALTH, 150_000, 0),
    Procedure("2.000591", "Cấp Giấy chứng nhận đủ điều kiện an toàn thực phẩm", INDUSTRY, 700_000, 0),
    Procedure("2.001636", "Cấp Giấy phép bán buôn sản phẩm thuốc lá", INDUSTRY, 1_200_000, 200_000),
    Procedure("2.000142", "Cấp Giấy phép bán lẻ rượu", INDUSTRY, 1_200_000, 0),
    Procedure("2.000205", "Cấp giấy phép lao động cho người lao động nước ngoài", LABOUR, 0, 600_000),
    Procedure("2.000192", "Cấp lại giấy phép lao động cho người lao động nước ngoài", LABOUR, 0, 450_000),
    Procedure("1.004873", "Cấp Giấy xác nhận tình trạng hôn nhân", DISTRICTS, 0, 16_000, copies=True),
    Procedure("2.000635", "Cấp bản sao Trích lục hộ tịch", DISTRICTS, 8_000, 0, copies=True),
    Procedure("2.000528", "Đăng ký khai sinh có yếu tố nước ngoài", DISTRICTS, 0, 76_000),
    Procedure("2.000806", "Đăng ký kết hôn có yếu tố nước ngoài", DISTRICTS, 0, 1_500_000),
    Procedure("2.000779", "Đăng ký nhận cha, mẹ, con có yếu tố nước ngoài", DISTRICTS, 0, 1_500_000),
    Procedure("1.001766", "Đăng ký khai tử có yếu tố nước ngoài", DISTRICTS, 0, 76_000),
    Procedure("2.000748", "Đăng ký thay đổi, cải chính, bổ sung thông tin hộ tịch", DISTRICTS, 0, 28_000),
    Procedure("2.000843", "Chứng thực bản sao từ bản chính giấy tờ, văn bản", DISTRICTS, 20_000, 0, copies=True),
    Procedure("2.000992", "Chứng thực chữ ký người dịch", DISTRICTS, 10_000, 0, copies=True),
    Procedure("1.001612", "Đăng ký thành lập hộ kinh doanh", DISTRICTS, 0, 100_000),
    Procedure("2.000720", "Đăng ký thay đổi nội dung đăng ký hộ kinh doanh", DISTRICTS, 0, 50_000),
    Procedure("1.005280", "Đăng ký thành lập hợp tác xã", DISTRICTS, 0, 100_000),
    Procedure("1.009994", "Cấp giấy phép xây dựng nhà ở riêng lẻ", DISTRICTS, 0, 76_000),
    Procedure("1.002335", "Cấp Giấy chứng nhận quyền sử dụng đất lần đầu", DISTRICTS, 250_000, 26_000),
    Procedure("1.005367", "Tách thửa hoặc hợp thửa đất", DISTRICTS, 120_000, 28_000),
)
