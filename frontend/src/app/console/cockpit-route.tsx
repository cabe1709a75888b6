// The wall screen: dark theme, full page, menu in a drawer.
import { MenuOutlined } from "@ant-design/icons";
import { Button, ConfigProvider, Drawer } from "antd";
import { useState } from "react";
import { SideMenu } from "@/app/console/side-menu";
import { darkTheme, lightTheme } from "@/app/theme";
import { CockpitPage } from "@/features/cockpit/components/cockpit-page";
import { shellText } from "@/locales/zh-CN/shell";

export function CockpitRoute() {
  const [open, setOpen] = useState(false);
  return (
    <ConfigProvider theme={darkTheme}>
      <CockpitPage menu={<Button type="text" icon={<MenuOutlined />} onClick={() => setOpen(true)}>{shellText.menu}</Button>} />
      <ConfigProvider theme={lightTheme}>
        <Drawer open={open} onClose={() => setOpen(false)} placement="left" size={264} title={shellText.menu} styles={{ body: { padding: 8 } }}>
          <SideMenu onGo={() => setOpen(false)} />
        </Drawer>
      </ConfigProvider>
    </ConfigProvider>
  );
}
