// antd tokens: the light console and the dark cockpit.
import { theme as antd, type ThemeConfig } from "antd";
import { palette } from "@/lib/palette";

const fontFamily =
  'system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", sans-serif';

export const lightTheme: ThemeConfig = {
  token: {
    colorPrimary: palette.primary,
    // Darker and not lighter, so that the words on a button stay readable under the mouse.
    colorPrimaryHover: "#184E9E",
    colorInfo: palette.primary,
    colorLink: palette.primary,
    colorSuccess: palette.success,
    colorSuccessBg: "#EEF8F1",
    colorSuccessBorder: "#B7DFC3",
    colorWarningBg: "#FDF6E7",
    colorWarningBorder: "#EBD3A2",
    colorWarning: palette.warning,
    colorError: palette.error,
    colorTextBase: palette.ink,
    colorBgLayout: palette.ground,
    colorTextPlaceholder: "#66717F",
    colorTextDescription: palette.soft,
    colorTextTertiary: "#66717F",
    borderRadius: 4,
    fontSize: 14,
    sizeUnit: 4,
    fontFamily,
    motionDurationMid: "0.12s",
  },
  components: {
    Layout: { headerBg: "#ffffff", headerHeight: 56, headerPadding: "0 16px", siderBg: "#ffffff" },
    Table: { headerBg: "#F6F8FA", headerColor: palette.soft, cellPaddingBlockMD: 9, rowHoverBg: "#F2F7FF" },
    Menu: {
      itemHeight: 32,
      itemMarginBlock: 1,
      itemSelectedBg: "#E8F0FC",
      groupTitleFontSize: 12,
      groupTitleColor: "#66717F",
    },
    Card: { headerHeight: 44 },
  },
};

export const darkTheme: ThemeConfig = {
  inherit: false,
  algorithm: antd.darkAlgorithm,
  token: {
    colorPrimary: "#6FA8FF",
    colorBgBase: palette.night,
    colorBgContainer: palette.nightPanel,
    colorBgElevated: "#142C57",
    colorBgLayout: "#0B1B33",
    colorTextBase: palette.nightInk,
    colorBorder: palette.nightLine,
    borderRadius: 4,
    fontSize: 14,
    fontFamily,
  },
};

/** The theme with its movements, or without any for readers whose system asks for less motion. */
export function withMotion(theme: ThemeConfig, motion: boolean): ThemeConfig {
  return { ...theme, token: { ...theme.token, motion } };
}
